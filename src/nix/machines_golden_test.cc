// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"
#include "nix/machines.h"
#include "support/golden.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::json;
using Words = std::set<std::string>;
using MachinesGolden = testing::GoldenTest;

MachinesFile parse(const std::string& text) {
  return parse_machines(text, "golden", [](const std::string&) { return std::nullopt; });
}

void expect_machine(Machine machine, const Json& json, const Words& default_systems) {
  if (machine.systems.empty()) machine.systems = default_systems;
  EXPECT_EQ(machine.uri.identity(), json.at("storeUri").get<std::string>());
  EXPECT_EQ(machine.systems, json.at("systemTypes").get<Words>());
  const Json& key = json.at("sshKey");
  EXPECT_EQ(machine.ssh_key, key.is_null() ? "" : key.get<std::string>());
  EXPECT_EQ(machine.max_jobs, json.at("maxJobs").get<std::uint32_t>());
  EXPECT_EQ(machine.speed_factor, json.at("speedFactor").get<double>());
  EXPECT_EQ(machine.supported_features, json.at("supportedFeatures").get<Words>());
  EXPECT_EQ(machine.mandatory_features, json.at("mandatoryFeatures").get<Words>());
  EXPECT_EQ(machine.host_key, decode_base64(json.at("sshPublicHostKey").get<std::string>()));
}

TEST_F(MachinesGolden, Cases) {
  for (const Json& row : Json::parse(testing::read_golden("transcribed/machines/cases-1.json"))) {
    SCOPED_TRACE(row.at("text").get<std::string>());
    const MachinesFile file = parse(row.at("text").get<std::string>());
    if (row.contains("error")) {
      EXPECT_EQ(file.diagnostics.size(), 1U);
      EXPECT_TRUE(file.machines.empty());
      continue;
    }
    EXPECT_TRUE(file.diagnostics.empty());
    ASSERT_EQ(file.machines.size(), row.at("machines").size());
    for (std::size_t i = 0; i < file.machines.size(); ++i) {
      expect_machine(
          file.machines[i], row.at("machines").at(i), row.at("defaultSystems").get<Words>());
    }
  }
}

TEST_F(MachinesGolden, AFileOfThree) {
  const MachinesFile file = parse(testing::read_golden("machines/valid.txt"));
  EXPECT_TRUE(file.diagnostics.empty());
  ASSERT_EQ(file.machines.size(), 3U);
  const Machine& last = file.machines[2];
  EXPECT_EQ(last.uri.identity(), "ssh://nix@poochie.labs.cs.uu.nl");
  EXPECT_EQ(last.max_jobs, 1U);
  EXPECT_EQ(last.speed_factor, 2.0);
  EXPECT_THAT(last.supported_features, ElementsAre("kvm"));
  EXPECT_THAT(last.mandatory_features, ElementsAre("benchmark"));
  EXPECT_TRUE(last.host_key.starts_with("ssh-rsa AAAA"));
  EXPECT_EQ(last.host_key.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace firn::nix
