// SPDX-License-Identifier: Apache-2.0
// Steps that have ended are forgotten, and what they took is used again.
#include "base/error.h"
#include "support/sched_farm.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Forgetting, UsesARecordAgainUnderAnotherId) {
  SchedFarm farm;
  farm.machine("m");
  const StepId first = farm.step("first");
  farm.succeed(farm.only());
  farm.scheduler.forget(first);
  const StepId second = farm.step("second");
  EXPECT_NE(second, first);
  EXPECT_EQ(slot_of(second), slot_of(first));
  EXPECT_EQ(farm.scheduler.size(), 1U);
  EXPECT_EQ(farm.scheduler.counts().succeeded, 1U);
  EXPECT_THROW(farm.state(first), Bug);
  EXPECT_EQ(farm.state(second), StepState::ready);
}

TEST(Forgetting, KeepsWhatHasNotEnded) {
  SchedFarm farm;
  const StepId waiting = farm.step("waiting");
  EXPECT_THROW(farm.scheduler.forget(waiting), Bug);
  EXPECT_THROW(farm.scheduler.forget(StepId(7)), Bug);
}

TEST(Forgetting, LeavesLateWordsWithoutEffect) {
  SchedFarm farm;
  farm.machine("m");
  const StepId old = farm.step("old");
  farm.succeed(farm.only());
  farm.scheduler.forget(old);
  const StepId other = farm.step("other");
  EXPECT_THAT(farm.scheduler.cancel(old).steps, IsEmpty());
  const std::vector<Claim> claims{{.age = 1, .group = farm.scheduler.add_group(1)}};
  EXPECT_THAT(farm.scheduler.set_claims(old, claims), IsEmpty());
  farm.scheduler.set_expected_duration(old, minutes(9));
  EXPECT_EQ(farm.only().step, other);
  EXPECT_FALSE(farm.scheduler.rank(other).is_claimed());
}

TEST(Forgetting, MayComeBeforeTheNextDispatch) {
  SchedFarm farm;
  const StepId short_lived = farm.step("s");
  farm.scheduler.cancel(short_lived);
  farm.scheduler.forget(short_lived);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  EXPECT_TRUE(farm.scheduler.is_settled());
}

TEST(Forgetting, SaysWhatItStillKnowsOfACause) {
  SchedFarm farm;
  farm.machine("m");
  const StepId bad = farm.step("bad");
  const StepId above = farm.step("above", {bad});
  farm.fail(farm.only(), FailureClass::build_failed);
  EXPECT_EQ(farm.why(above), "can't be built: bad failed");
  farm.scheduler.forget(bad);
  EXPECT_EQ(farm.why(above), "can't be built: a step that it needs did not succeed");
}

TEST(Forgetting, KeepsTheOrderOfAge) {
  SchedFarm farm;
  farm.machine("m");
  const StepId gone = farm.step("gone");
  const StepId older = farm.step("older", {}, {.priority = -1});
  farm.succeed(farm.only());
  farm.scheduler.forget(gone);
  const StepId younger = farm.step("younger", {}, {.priority = -1});
  EXPECT_LT(slot_of(younger), slot_of(older));
  EXPECT_EQ(farm.only().step, older);
}

TEST(Forgetting, PassesRanksDownWhereRecordsAreUsedAgain) {
  SchedFarm farm;
  farm.machine("m");
  std::vector<StepId> old;
  for (int i = 0; i < 3; ++i)
    old.push_back(farm.step("old"));
  const StepId below = farm.step("below", {old[0]});
  for (int i = 0; i < 3; ++i) {
    const Assignment next = farm.only();
    farm.succeed(next);
    farm.scheduler.forget(next.step);
  }
  const StepId middle = farm.step("middle", {below});
  const StepId top = farm.step("top", {middle});
  const std::vector<Claim> claims{{.priority = 5, .age = 1, .group = farm.scheduler.add_group(1)}};
  farm.scheduler.set_claims(top, claims);
  EXPECT_EQ(farm.scheduler.rank(below).priority, 5);
  EXPECT_THAT(farm.scheduler.set_claims(top, {}), ElementsAre(top, middle, below));
}

TEST(Forgetting, HoldsNoMoreThanWhatIsUnfinished) {
  SchedFarm farm;
  farm.machine("m");
  for (int i = 0; i < 1000; ++i) {
    const StepId below = farm.step("below");
    const StepId above = farm.step("above", {below});
    if (i % 3 == 0) {
      EXPECT_THAT(farm.fail(farm.only(), FailureClass::build_failed).fallen, ElementsAre(above));
    } else {
      farm.succeed(farm.only());
      farm.succeed(farm.only());
    }
    farm.scheduler.forget(below);
    farm.scheduler.forget(above);
    ASSERT_LT(slot_of(above).value(), 2U);
    farm.now += minutes(10);
  }
  EXPECT_EQ(farm.scheduler.size(), 0U);
}

}  // namespace
}  // namespace firn::sched
