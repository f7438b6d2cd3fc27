// SPDX-License-Identifier: Apache-2.0
// Counts of what keeps steps: always what asking each step would say.
#include "support/sched_farm.h"

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

class CensusTest : public testing::Test {
 protected:
  StepId step(std::string_view name,
              std::vector<StepId> dependencies = {},
              const StepWish& wish = {}) {
    steps_.push_back(farm_.step(name, std::move(dependencies), wish));
    return steps_.back();
  }

  Census census() const { return farm_.scheduler.census(farm_.now); }

  std::uint64_t count(Reason reason) const {
    return census().reasons.at(static_cast<std::size_t>(reason));
  }

  void expect_the_sum_of_all_steps() const {
    std::array<std::uint64_t, kReasonCount> sum{};
    for (const StepId step : steps_) {
      if (!is_final(farm_.state(step)))
        ++sum.at(static_cast<std::size_t>(farm_.scheduler.why(step).reason));
    }
    EXPECT_EQ(census().reasons, sum);
  }

  SchedFarm farm_;
  std::vector<StepId> steps_;
};

TEST_F(CensusTest, CountsEveryReasonAsTheStepsThemselvesTellIt) {
  const MachineId machine = farm_.machine("b1", 2);
  const StepId below = step("below");
  step("above", {below});
  step("darwin", {}, {.system = "x86_64-darwin"});
  step("over darwin", {steps_.back()}, {.system = "x86_64-darwin"});
  for (int i = 0; i < 3; ++i)
    step("more");
  expect_the_sum_of_all_steps();
  EXPECT_EQ(count(Reason::next), 4);

  const auto running = farm_.assignments();
  ASSERT_EQ(running.size(), 2);
  expect_the_sum_of_all_steps();
  EXPECT_EQ(count(Reason::running), 2);
  EXPECT_EQ(count(Reason::machines_full), 2);
  EXPECT_EQ(count(Reason::dependencies), 1);
  EXPECT_EQ(count(Reason::unsupported), 2);

  farm_.fail(running[1], FailureClass::transient);
  farm_.succeed(running[0]);
  expect_the_sum_of_all_steps();
  EXPECT_EQ(count(Reason::backing_off), 1);
  farm_.scheduler.set_machine_enabled(machine, false);
  expect_the_sum_of_all_steps();
  EXPECT_EQ(count(Reason::machines_disabled), 3);
  EXPECT_EQ(census().classes.front().disabled, 3);
  farm_.scheduler.pause(Pauser::owner, "why not");
  expect_the_sum_of_all_steps();
  EXPECT_EQ(count(Reason::paused), 4);
}

TEST_F(CensusTest, TellsWhoWaitsBehindOthersForItsShare) {
  farm_.machine("b1");
  std::array<GroupId, 2> groups{farm_.scheduler.add_group(1), farm_.scheduler.add_group(1)};
  for (std::uint32_t i = 0; i < 5; ++i) {
    const std::vector<Claim> claims{{.age = i, .group = groups.at(i == 0 ? 0 : i % 2)}};
    farm_.scheduler.set_claims(step("s"), claims);
  }
  const Assignment first = farm_.only();
  farm_.now += minutes(5);
  farm_.succeed(first);
  ASSERT_EQ(farm_.only().step, steps_[1]);
  expect_the_sum_of_all_steps();
  EXPECT_EQ(count(Reason::share_used), 2);
  EXPECT_EQ(count(Reason::machines_full), 1);
  const WhyNot why = farm_.scheduler.why(steps_[2]);
  EXPECT_EQ(why.share_used, 300);
  EXPECT_EQ(why.least_share_used, 0);
  EXPECT_EQ(farm_.why(steps_[2]),
            "waits for a slot behind others who have used less of their share; 1 machine could "
            "take it: 1 full");
  EXPECT_EQ(farm_.scheduler.why(steps_[3]).reason, Reason::machines_full);
}

// QR-090
TEST_F(CensusTest, KnowsHowLongStepsOfEachKindHaveWaited) {
  farm_.machine("b1");
  const StepId first = step("first");
  step("second");
  step("kvm", {first}, {.features = {"kvm", "big-parallel"}, .placement = Placement::prefer_local});
  farm_.now += seconds(100);
  const Assignment running = farm_.only();
  EXPECT_EQ(farm_.scheduler.ready_since(first), farm_.now);
  farm_.now += seconds(7);
  const Census now = census();
  ASSERT_EQ(now.classes.size(), 2);
  EXPECT_EQ(now.classes[0].name, "x86_64-linux");
  EXPECT_EQ(now.classes[0].ready, 1);
  EXPECT_EQ(now.classes[0].running, 1);
  EXPECT_EQ(now.classes[0].waited, seconds(7));
  EXPECT_EQ(now.classes[1].name, "x86_64-linux:big-parallel,kvm,local");
  EXPECT_EQ(now.classes[1].waited, seconds(0));
  EXPECT_EQ(now.longest_wait, farm_.now - seconds(7));

  farm_.succeed(running);
  farm_.only();
  EXPECT_EQ(census().classes[0].waited, seconds(0));
  // That which became ready a moment ago waits for a machine that is not there.
  EXPECT_EQ(census().longest_wait, farm_.now);
}

TEST_F(CensusTest, NothingIsStartableAfterADispatch) {
  const MachineId machine = farm_.machine("b1");
  EXPECT_EQ(farm_.scheduler.startable(), std::nullopt);
  const StepId first = step("first");
  step("second");
  EXPECT_EQ(farm_.scheduler.startable(), (Match{.step = first, .machine = machine}));
  farm_.only();
  EXPECT_EQ(farm_.scheduler.startable(), std::nullopt);
  farm_.scheduler.pause(Pauser::farm, "the store is away");
  farm_.machine("b2");
  EXPECT_EQ(farm_.scheduler.startable(), std::nullopt);
  farm_.scheduler.resume(Pauser::farm);
  EXPECT_NE(farm_.scheduler.startable(), std::nullopt);
}

}  // namespace
}  // namespace firn::sched
