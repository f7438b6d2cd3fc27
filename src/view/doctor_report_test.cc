// SPDX-License-Identifier: Apache-2.0
#include "view/doctor_report.h"

#include <chrono>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::view {
namespace {

using namespace std::chrono_literals;
using farm::Grade;

std::vector<farm::Diagnosis> sample() {
  return {{.machine = "ssh://b1",
           .checks = {{.name = "connect",
                       .grade = Grade::fine,
                       .found = "the host key is in known_hosts",
                       .advice = "",
                       .took = 230ms},
                      {.name = "space",
                       .grade = Grade::attention,
                       .found = "1.0 of 9.0 GB are free",
                       .advice = "collect garbage there",
                       .took = {}},
                      {.name = "clock",
                       .grade = Grade::unknown,
                       .found = "its login does not tell",
                       .advice = "",
                       .took = {}}},
           .took = 1s,
           .can_build = true},
          {.machine = "ssh://b2",
           .checks = {{.name = "connect",
                       .grade = Grade::broken,
                       .found = "cannot connect to b2: \x1b[1mno\nway",
                       .advice = "",
                       .took = 2s}},
           .took = 2s,
           .can_build = false}};
}

TEST(DoctorReport, IsPlainWhereThereIsNoTerminal) {
  const auto text = doctor_report(sample(), {});
  EXPECT_TRUE(text.starts_with("ssh://b1: takes work (1.0 s)\n")) << text;
  EXPECT_NE(text.find("connect    the host key is in known_hosts (0.2 s)\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("               collect garbage there\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nssh://b2: cannot take work (2.0 s)\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "what a machine says does no harm";
}

TEST(DoctorReport, EachGradeHasASignOfItsOwn) {
  const auto text = doctor_report(sample(), {.colour = false, .unicode = true});
  EXPECT_NE(text.find("✓"), std::string::npos) << text;
  EXPECT_NE(text.find("✗"), std::string::npos) << text;
}

TEST(DoctorReport, JsonHasEveryKey) {
  const auto json = nlohmann::json::parse(doctor_json(sample()));
  const auto& first = json.at("machines").at(0);
  EXPECT_EQ(first.at("machine"), "ssh://b1");
  EXPECT_EQ(first.at("can_build"), true);
  EXPECT_EQ(first.at("ms"), 1000.0);
  EXPECT_EQ(first.at("checks").at(0).at("ms"), 230.0);
  EXPECT_TRUE(first.at("checks").at(0).at("advice").is_null());
  EXPECT_EQ(first.at("checks").at(1).at("grade"), "attention");
  EXPECT_EQ(first.at("checks").at(1).at("advice"), "collect garbage there");
  EXPECT_EQ(json.at("machines").at(1).at("checks").at(0).at("grade"), "broken");
}

}  // namespace
}  // namespace firn::view
