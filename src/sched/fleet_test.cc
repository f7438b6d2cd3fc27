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

TEST_F(FleetTest, IsOnTrialAfterABackOff) {
  const MachineId machine = add(4);
  for (int i = 0; i < 3; ++i)
    fault(machine, kStart);
  TimePoint now = kStart + seconds(10);
  fleet_.wake(now);
  EXPECT_EQ(fill().size(), 1U);
  EXPECT_EQ(fault(machine, now), now + seconds(30)) << "one more fault is enough";
  now += seconds(30);
  fleet_.wake(now);
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
    fleet_.wake(now);
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
