// SPDX-License-Identifier: Apache-2.0
#include "farm/doctor_findings.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{1'700'000'000s};

MachineFacts good_facts() {
  return {.nix_version = "2.8.0",
          .clock = 1'700'000'002,
          .space = Room{.total = 100'000'000'000, .free = 50'000'000'000},
          .inodes = Room{.total = 1000, .free = 900},
          .systems = {"x86_64-linux", "i686-linux"},
          .features = {"kvm", "benchmark"},
          .client_alive = 15};
}

Check check_of(const MachineFacts& facts, std::string_view name, const nix::Machine& machine = {}) {
  const auto checks = judge_facts(facts, machine, {"x86_64-linux"}, kNow);
  const auto found =
      std::ranges::find_if(checks, [&](const Check& check) { return check.name == name; });
  return found == checks.end() ? Check{.name = "not there"} : *found;
}

TEST(DoctorFindings, AGoodMachineHasNothingToDo) {
  for (const auto& check : judge_facts(good_facts(), {}, {"x86_64-linux"}, kNow)) {
    EXPECT_EQ(check.grade, Grade::fine) << check.name;
    EXPECT_TRUE(check.advice.empty()) << check.name;
    EXPECT_FALSE(check.found.empty()) << check.name;
  }
}

TEST(DoctorFindings, WhatIsNotToldIsNoFault) {
  for (const auto& check : judge_facts({}, {}, {"x86_64-linux"}, kNow))
    EXPECT_EQ(check.grade, Grade::unknown) << check.name;
}

TEST(DoctorFindings, EachTroubleHasItsAdvice) {
  auto facts = good_facts();
  facts.clock = 1'700'000'000 - 86'400;
  facts.space->free = 1'000'000'000;
  facts.inodes->free = 10;
  facts.client_alive = 0;
  for (const char* name : {"clock", "space", "inodes", "keepalive"}) {
    const auto check = check_of(facts, name);
    EXPECT_EQ(check.grade, Grade::attention) << name;
    EXPECT_FALSE(check.advice.empty()) << name;
  }
  EXPECT_EQ(check_of(facts, "clock").found, "86400 s behind ours");
}

TEST(DoctorFindings, WhatAMachineDoesNotOfferIsNamed) {
  nix::Machine machine;
  machine.supported_features = {"kvm", "gpu"};
  const auto check = check_of(good_facts(), "systems", machine);
  EXPECT_EQ(check.grade, Grade::attention);
  EXPECT_EQ(check.found, "its Nix does not offer gpu");
  auto facts = good_facts();
  facts.systems = {"aarch64-linux"};
  EXPECT_EQ(check_of(facts, "systems").found, "its Nix does not offer x86_64-linux");
}

TEST(DoctorFindings, ASlowLoginIsWorthALook) {
  EXPECT_EQ(judge_greeting(300ms).grade, Grade::fine);
  EXPECT_EQ(judge_greeting(1500ms).grade, Grade::attention);
}

}  // namespace
}  // namespace firn::farm
