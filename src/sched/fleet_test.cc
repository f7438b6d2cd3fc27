// SPDX-License-Identifier: Apache-2.0
#include "sched/fleet.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kStart{seconds(100)};

class FleetTest : public testing::Test {
 protected:
  FleetTest()
      : fleet_({.first = seconds(10), .factor = 3, .limit = seconds(300)},
               3,
               {.contradictions = 2, .length = seconds(600)}),
        random_(1),
        plain_(fleet_.class_of({.system = "a"})) {}

  MachineId add(std::uint32_t max_jobs,
                double speed = 1.0,
                std::vector<std::string> features = {}) {
    return fleet_.add({.name = "m",
                       .systems = {"a"},
                       .supported_features = std::move(features),
                       .max_jobs = max_jobs,
                       .speed_factor = speed});
  }

  /// Starts as many steps as there are slots; the machines in order.
  std::vector<MachineId> fill() {
    std::vector<MachineId> order;
    while (const auto machine = fleet_.choose(plain_, {})) {
      fleet_.hold(*machine, Holding::build_slot);
      order.push_back(*machine);
    }
    return order;
  }

  std::optional<TimePoint> fault(MachineId machine, TimePoint now) {
    return fleet_.fault(machine, now, now, random_);
  }

  void back_off(MachineId machine, TimePoint now) {
    for (int i = 0; i < 3; ++i)
      fault(machine, now);
  }

  /// What is due comes back, and answers.
  void return_at(TimePoint now) {
    fleet_.wake(now);
    for (const MachineId machine : fleet_.take_probes())
      fleet_.probe_succeeded(machine);
  }

  Fleet fleet_;
  Random random_;
  ClassId plain_;
};

TEST_F(FleetTest, TakesTheLeastLoadThenTheFasterThenTheFirst) {
  const MachineId slow = add(2, 1.0);
  const MachineId fast = add(4, 2.0);
  const MachineId also_slow = add(1, 1.0);
  // Loads after each: fast 0.5, slow 1, also_slow 1, fast 1, fast 1.5, slow 2, fast 2.
  EXPECT_THAT(fill(), ElementsAre(fast, slow, also_slow, fast, fast, slow, fast));
  EXPECT_FALSE(fleet_.has_free());
}

TEST_F(FleetTest, LeavesTheSpecialMachinesForLast) {
  const MachineId special = add(1, 9.0, {"kvm"});
  const MachineId ordinary = add(2, 0.1);
  EXPECT_THAT(fill(), ElementsAre(ordinary, ordinary, special));
}

TEST_F(FleetTest, AvoidsMachines) {
  const MachineId one = add(1);
  const MachineId two = add(1);
  EXPECT_EQ(fleet_.choose(plain_, std::vector{one}), two);
  EXPECT_EQ(fleet_.choose(plain_, std::vector{one, two}), std::nullopt);
  EXPECT_TRUE(fleet_.has_available(plain_, std::vector{one}));
  fleet_.set_enabled(two, false);
  EXPECT_FALSE(fleet_.has_available(plain_, std::vector{one}));
  EXPECT_TRUE(fleet_.has_available(plain_, std::vector{two}));
}

TEST_F(FleetTest, KeepsTheSlotOfFinishedStepsBeyondMaxJobs) {
  const MachineId machine = add(2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(fill().size(), 2U) << "a finished step gave its slot back";
    fleet_.move(machine, Holding::build_slot, Holding::place_in_line);
    fleet_.move(machine, Holding::build_slot, Holding::place_in_line);
  }
  EXPECT_THAT(fill(), IsEmpty());
  EXPECT_EQ(fleet_.machine(machine).standing(), Standing::needs_transfer);
  fleet_.move(machine, Holding::place_in_line, Holding::transfer_slot);
  EXPECT_THAT(fill(), IsEmpty()) << "its session is open as long as outputs come back";
  fleet_.let_go(machine, Holding::transfer_slot);
  EXPECT_EQ(fill().size(), 1U);
}

TEST_F(FleetTest, BacksOffAfterThreeFaultsInARow) {
  const MachineId machine = add(4);
  EXPECT_EQ(fault(machine, kStart), std::nullopt);
  EXPECT_EQ(fault(machine, kStart), std::nullopt);
  fleet_.delivered(machine);
  EXPECT_EQ(fault(machine, kStart), std::nullopt);
  EXPECT_EQ(fault(machine, kStart), std::nullopt);
  EXPECT_EQ(fault(machine, kStart), kStart + seconds(10));
  EXPECT_EQ(fleet_.choose(plain_, {}), std::nullopt);
  EXPECT_EQ(fleet_.next_wakeup(), kStart + seconds(10));
}

TEST_F(FleetTest, CountsOneOutageOnce) {
  const MachineId machine = add(8);
  for (int i = 0; i < 3; ++i)
    fault(machine, kStart);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(fleet_.fault(machine, kStart, kStart + seconds(60 * i), random_), std::nullopt);
  }
  EXPECT_EQ(fleet_.machine(machine).faults, 3U);
}

TEST_F(FleetTest, GetsNoWorkBeforeItAnswersAProbe) {
  const MachineId machine = add(4);
  back_off(machine, kStart);
  EXPECT_THAT(fleet_.take_probes(), IsEmpty());
  fleet_.wake(kStart + seconds(10));
  EXPECT_EQ(fleet_.machine(machine).standing(), Standing::probed);
  EXPECT_EQ(fleet_.next_wakeup(), std::nullopt);
  EXPECT_THAT(fleet_.take_probes(), ElementsAre(machine));
  EXPECT_THAT(fleet_.take_probes(), IsEmpty()) << "one at a time";
  EXPECT_THAT(fill(), IsEmpty());
  EXPECT_FALSE(fleet_.has_available(plain_, {}));
  fleet_.probe_succeeded(machine);
  EXPECT_EQ(fill().size(), 1U);
}

TEST_F(FleetTest, WaitsLongerAfterEachProbeInVain) {
  const MachineId machine = add(1);
  back_off(machine, kStart);
  TimePoint now = kStart + seconds(10);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 5; ++i) {
    fleet_.wake(now);
    EXPECT_THAT(fleet_.take_probes(), ElementsAre(machine));
    now += seconds(2);
    const TimePoint until = fleet_.probe_failed(machine, now, random_);
    EXPECT_EQ(fleet_.next_wakeup(), until);
    waits.push_back(std::chrono::duration_cast<seconds>(until - now).count());
    now = until;
  }
  EXPECT_THAT(waits, ElementsAre(30, 90, 270, 300, 300));
  EXPECT_EQ(fleet_.failed_probes(plain_, {}), 5U);
  return_at(now);
  EXPECT_EQ(fleet_.failed_probes(plain_, {}), 0U);
}

TEST_F(FleetTest, ProbesADisabledMachineWhenItIsEnabled) {
  const MachineId machine = add(1);
  back_off(machine, kStart);
  fleet_.set_enabled(machine, false);
  fleet_.wake(kStart + seconds(10));
  EXPECT_THAT(fleet_.take_probes(), IsEmpty());
  fleet_.set_enabled(machine, true);
  EXPECT_THAT(fleet_.take_probes(), ElementsAre(machine));
}

TEST_F(FleetTest, WhatIsSaidOfAMachineWhileItIsProbedChangesNothing) {
  const MachineId machine = add(1);
  back_off(machine, kStart);
  const TimePoint now = kStart + seconds(10);
  fleet_.wake(now);
  EXPECT_EQ(fault(machine, now), std::nullopt);
  EXPECT_EQ(fleet_.contradict(machine, now), std::nullopt);
  fleet_.delivered(machine);
  EXPECT_EQ(fleet_.machine(machine).standing(), Standing::probed);
}

TEST_F(FleetTest, AQuarantinedMachineThatDoesNotAnswerIsOutForTheFirstBackOff) {
  const MachineId machine = add(1);
  fleet_.contradict(machine, kStart);
  fleet_.contradict(machine, kStart);
  const TimePoint now = kStart + seconds(600);
  fleet_.wake(now);
  EXPECT_THAT(fleet_.take_probes(), ElementsAre(machine));
  EXPECT_EQ(fleet_.probe_failed(machine, now, random_), now + seconds(10));
}

TEST_F(FleetTest, CountsTheProbesThatAllWhoCouldTakeAClassHaveFailed) {
  const MachineId one = add(1);
  const MachineId two = add(1);
  back_off(one, kStart);
  fleet_.wake(kStart + seconds(10));
  fleet_.take_probes();
  fleet_.probe_failed(one, kStart + seconds(10), random_);
  EXPECT_EQ(fleet_.failed_probes(plain_, {}), 0U);
  EXPECT_EQ(fleet_.failed_probes(plain_, std::vector{two}), 1U);
  fleet_.give_up(two, "gone");
  EXPECT_EQ(fleet_.failed_probes(plain_, {}), 1U);
}

TEST_F(FleetTest, AProbeThatNobodyAskedForIsABug) {
  const MachineId machine = add(1);
  EXPECT_THROW(fleet_.probe_succeeded(machine), Bug);
  back_off(machine, kStart);
  fleet_.wake(kStart + seconds(10));
  EXPECT_THROW(fleet_.probe_failed(machine, kStart, random_), Bug) << "it is only due";
}

TEST_F(FleetTest, IsOnTrialAfterAProbe) {
  const MachineId machine = add(4);
  back_off(machine, kStart);
  TimePoint now = kStart + seconds(10);
  return_at(now);
  EXPECT_EQ(fill().size(), 1U);
  EXPECT_EQ(fault(machine, now), now + seconds(30)) << "one more fault is enough";
  now += seconds(30);
  return_at(now);
  fleet_.answered(machine, kStart);
  EXPECT_THAT(fill(), IsEmpty()) << "an old attempt proves nothing";
  fleet_.answered(machine, now);
  EXPECT_EQ(fill().size(), 3U);
}

TEST_F(FleetTest, NeverStaysAwayLongerThanTheLimit) {
  const MachineId machine = add(1);
  TimePoint now = kStart;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    const auto until = fault(machine, now);
    if (!until) continue;
    waits.push_back(std::chrono::duration_cast<seconds>(*until - now).count());
    now = *until;
    return_at(now);
  }
  EXPECT_THAT(waits, ElementsAre(10, 30, 90, 270, 300, 300));
}

TEST_F(FleetTest, TellsWhichClassesLoseTheirLastMachine) {
  const MachineId special = add(1, 1.0, {"kvm"});
  const std::vector<std::string> features{"kvm"};
  const ClassId kvm = fleet_.class_of({.system = "a", .required_features = features});
  const MachineId ordinary = add(1);
  EXPECT_EQ(fleet_.able(plain_), 2U);
  EXPECT_THAT(fleet_.give_up(special, "gone"), ElementsAre(kvm));
  EXPECT_THAT(fleet_.give_up(special, "gone again"), IsEmpty());
  EXPECT_EQ(fleet_.able(kvm), 0U);
  EXPECT_THAT(fleet_.give_up(ordinary, ""), ElementsAre(plain_));
  EXPECT_EQ(fleet_.machine(ordinary).standing(), Standing::unusable);
}

TEST_F(FleetTest, TakesNoWorkWithoutJobs) {
  const MachineId machine = add(0);
  EXPECT_EQ(fleet_.able(plain_), 0U);
  EXPECT_EQ(fleet_.machine(machine).standing(), Standing::unusable);
  EXPECT_THAT(fill(), IsEmpty());
}

TEST_F(FleetTest, ReadsAFoolishSpeedAsOne) {
  for (const double speed : {0.0, -3.0, std::nan("")})
    EXPECT_EQ(fleet_.machine(add(1, speed)).speed, 1.0);
}

TEST_F(FleetTest, RefusesAnIdThatItDidNotGiveOut) {
  EXPECT_THROW(fleet_.machine(MachineId(0)), Bug);
}

}  // namespace
}  // namespace firn::sched
