// SPDX-License-Identifier: Apache-2.0
#include "queue/liveness.h"

#include "support/sched_farm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using sched::seconds;
using ::testing::HasSubstr;

class LivenessTest : public ::testing::Test {
 protected:
  /// Looks as often as a runner does, for so long; returns the alarms.
  std::vector<std::string> watch(Duration time) {
    std::vector<std::string> alarms;
    for (const auto end = farm_.now + time; farm_.now < end; farm_.now += kLivenessEvery)
      if (auto alarm = liveness_.look(farm_.scheduler, farm_.now))
        alarms.push_back(std::move(*alarm));
    return alarms;
  }

  sched::SchedFarm farm_;
  Liveness liveness_;
};

TEST_F(LivenessTest, WorkThatNobodyDispatchesIsAnAlarmOnce) {
  farm_.machine("b1", 2);
  farm_.step("hello");
  const auto alarms = watch(seconds(120));
  ASSERT_EQ(alarms.size(), 1);
  EXPECT_THAT(alarms[0], HasSubstr("step 0 (hello) could have been started on b1 for 32 s"));
  EXPECT_THAT(alarms[0], HasSubstr("The step is next; the machine uses 0 of 2 slots"));
  EXPECT_THAT(alarms[0], HasSubstr("1 ready"));
  // Another one after it is another alarm.
  farm_.only();
  farm_.step("world");
  EXPECT_EQ(watch(seconds(120)).size(), 1);
}

TEST_F(LivenessTest, AQueueThatMovesIsNone) {
  farm_.machine("b1");
  for (int i = 0; i < 100; ++i)
    farm_.step("s");
  for (int i = 0; i < 100; ++i) {
    // Each time there is something to start, and it is started.
    EXPECT_EQ(liveness_.look(farm_.scheduler, farm_.now), std::nullopt);
    const auto assignment = farm_.only();
    farm_.now += kLivenessEvery;
    farm_.succeed(assignment);
  }
}

TEST_F(LivenessTest, NeitherAreAFullMachineAPauseAndAProcessThatStoodStill) {
  farm_.machine("b1");
  farm_.step("runs");
  farm_.step("waits");
  farm_.only();
  EXPECT_TRUE(watch(seconds(120)).empty());
  farm_.machine("b2");
  farm_.scheduler.pause(sched::Pauser::owner, "the database is away");
  EXPECT_TRUE(watch(seconds(120)).empty());
  farm_.scheduler.resume(sched::Pauser::owner);
  EXPECT_EQ(liveness_.look(farm_.scheduler, farm_.now), std::nullopt);
  farm_.now += seconds(3600);
  EXPECT_EQ(liveness_.look(farm_.scheduler, farm_.now), std::nullopt);
}

}  // namespace
}  // namespace firn::queue
