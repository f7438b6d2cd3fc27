// SPDX-License-Identifier: Apache-2.0
#include "view/failure_report.h"

#include "support/sample_run.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::view {
namespace {

using ::testing::HasSubstr;
using namespace firn::testing;
using sched::FailureClass;
using Outcome = sched::Verdict::Outcome;

std::string report(const std::vector<farm::Event>& events) {
  RunModel model;
  for (const auto& event : events)
    model.on(event);
  return failure_report(model, {.colour = false, .unicode = true});
}

TEST(FailureReport, IsEmptyWhereNothingFailed) {
  EXPECT_EQ(report({}), "");
  EXPECT_EQ(report({plan_made({"b1"}, 1, {"a", "b"}),
                    started({.step = 0}, 0),
                    built({.step = 0}, 1),
                    started({.step = 1}, 0),
                    not_built({.step = 1}, Outcome::cancelled, FailureClass::cancelled, "", 1),
                    run_ended(2, true)}),
            "");
}

TEST(FailureReport, PutsTheBuildThatTookMostWithItFirst) {
  auto lost = not_built({.step = 0, .machine = 1, .try_number = 5},
                        Outcome::aborted,
                        FailureClass::machine_lost,
                        "",
                        9);
  lost.message = "connecting to b2: no route to host";
  cost(lost, sched::Phase::building) = {};
  auto silent = not_built({.step = 1}, Outcome::failed, FailureClass::silent_too_long, "", 9);
  silent.message = "no output for an hour";
  auto broken = not_built({.step = 2}, Outcome::failed, FailureClass::build_failed, "", 9);
  broken.message = "builder for '" + sample_drv("openssl-3.0").str() + "' failed with exit code 2";
  broken.log_tail = {"cc -c \x1b[31mfoo.c\x1b[0m", "10 %\r100 %", "foo.c:1: error"};
  broken.log_file = "/logs/openssl.log";
  broken.verdict.fallen = step_ids({3, 4, 5, 6, 7});
  const std::string text = report(
      {plan_made(
           {"ssh://b1", "ssh://b2"}, 2, {"a-1", "b-1", "openssl-3.0", "c", "d", "e", "f", "g"}),
       started({.step = 0, .machine = 1, .try_number = 5}, 0),
       started({.step = 1}, 0),
       started({.step = 2}, 0),
       lost,
       silent,
       broken,
       run_ended(10)});
  EXPECT_EQ(text, R"(
3 steps failed, 5 fell with them

✗ openssl-3.0 on b1: build failed
  /nix/store/00000000000000000000000000000000-openssl-3.0.drv
  builder for 'openssl-3.0' failed with exit code 2
  the last lines of its log:
  │ cc -c foo.c
  │ 100 %
  │ foo.c:1: error
  the whole log: /logs/openssl.log
  5 steps fell with it: c, d, e and 2 more

✗ b-1 on b1: silent too long
  /nix/store/00000000000000000000000000000000-b-1.drv
  no output for an hour
  the build printed nothing

✗ a-1 on b2, try 5: machine lost
  /nix/store/00000000000000000000000000000000-a-1.drv
  connecting to b2: no route to host
  the build had not begun: no log
)");
}

TEST(FailureReport, NamesStepsThatNobodyCouldBuild) {
  const std::string text =
      report({plan_made({"b1"}, 1, {"a", "b", "c", "d", "e", "f", "g"}),
              steps_ended({0}, sched::StepState::aborted, "no machine for riscv64-linux", 0),
              steps_ended({1, 2, 3, 4}, sched::StepState::aborted, "no machine has {kvm}", 0),
              steps_ended({5, 6}, sched::StepState::dependency_failed, "no machine has {kvm}", 0),
              run_ended(1)});
  EXPECT_EQ(text, R"(
5 steps failed, 2 fell with them

✗ a: given up
  no machine for riscv64-linux
  /nix/store/00000000000000000000000000000000-a.drv

✗ 4 steps: given up
  no machine has {kvm}
  b, c, d and 1 more
  2 steps fell with it
)");
}

TEST(FailureReport, StaysReadableWhenEverythingFails) {
  std::vector<std::string> names(500, "step");
  std::vector<farm::Event> events{plan_made({"b1"}, 1, names)};
  for (std::uint32_t i = 0; i < 500; ++i) {
    auto event = not_built({.step = i}, Outcome::failed, FailureClass::build_failed, "no", 1);
    event.log_file = "/logs/" + std::to_string(i);
    events.emplace_back(started({.step = i}, 0));
    events.emplace_back(event);
  }
  const std::string text = report(events);
  EXPECT_LT(std::ranges::count(text, '\n'), 320);
  EXPECT_THAT(text, HasSubstr("✗ step on b1: build failed, log: /logs/20\n"));
  EXPECT_TRUE(text.ends_with("\nand 300 more steps failed\n"));
}

TEST(FailureReport, CutsEndlessLogLines) {
  auto event = not_built({.step = 0}, Outcome::failed, FailureClass::build_failed, "no", 1);
  event.log_tail = {std::string(20'000, 'x')};
  EXPECT_LT(report({plan_made({"b1"}, 1, {"a"}), started({.step = 0}, 0), event}).size(), 1000U);
}

}  // namespace
}  // namespace firn::view
