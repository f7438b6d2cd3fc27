// SPDX-License-Identifier: Apache-2.0
// Claims: whose steps go first, and what is left when nobody wants a step any more.
#include "support/sched_farm.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Builds of one jobset each, numbered by age.
class ClaimsTest : public testing::Test {
 protected:
  Claim claim(std::uint32_t build, std::int64_t priority = 0, std::int32_t local_priority = 0) {
    return {.priority = priority,
            .local_priority = local_priority,
            .age = build,
            .group = groups_.at(build % groups_.size())};
  }

  std::vector<StepId> claim(StepId step, std::initializer_list<Claim> claims) {
    return farm_.scheduler.set_claims(step, std::vector<Claim>(claims));
  }

  Rank rank(StepId step) const { return farm_.scheduler.rank(step); }

  StepId run_one() {
    const auto assignment = farm_.only();
    farm_.now += seconds(10);
    farm_.succeed(assignment);
    return assignment.step;
  }

  SchedFarm farm_;
  std::array<GroupId, 2> groups_{farm_.scheduler.add_group(1), farm_.scheduler.add_group(1)};
};

// QR-074
TEST_F(ClaimsTest, AClaimReachesAllThatTheStepDependsOn) {
  const StepId bottom = farm_.step("bottom");
  const StepId middle = farm_.step("middle", {bottom});
  const StepId top = farm_.step("top", {middle, bottom});
  claim(top, {claim(7, 3, 2)});
  EXPECT_EQ(rank(bottom), rank(top));
  EXPECT_EQ(rank(middle).priority, 3);
  const StepId other = farm_.step("other", {middle});
  claim(other, {claim(4, 1, 9)});
  EXPECT_EQ(rank(bottom).priority, 3);
  EXPECT_EQ(rank(bottom).local_priority, 9);
  EXPECT_EQ(rank(bottom).age, 4);
  EXPECT_THAT(farm_.scheduler.shares().members(rank(bottom).groups),
              UnorderedElementsAre(groups_[0], groups_[1]));
  EXPECT_EQ(rank(top).local_priority, 2);
}

// QR-086
TEST_F(ClaimsTest, OrderIsPriorityThenShareThenLocalPriorityThenAge) {
  farm_.scheduler.charge(groups_[0], farm_.now - seconds(50), seconds(50), farm_.now);
  const StepId older = farm_.step("older");
  const StepId younger = farm_.step("younger");
  const StepId favourite = farm_.step("favourite");
  const StepId frugal = farm_.step("frugal");
  const StepId bumped = farm_.step("bumped");
  claim(younger, {claim(4)});
  claim(older, {claim(2)});
  claim(favourite, {claim(6, 0, 1)});
  claim(frugal, {claim(9)});
  claim(bumped, {claim(8, 1)});
  farm_.machine("m", 5);
  EXPECT_THAT(steps_of(farm_.assignments()),
              ElementsAre(bumped, frugal, favourite, older, younger));
}

TEST_F(ClaimsTest, GroupsTakeTurnsByWhatTheyUse) {
  std::vector<StepId> of_even;
  std::vector<StepId> of_odd;
  for (std::uint32_t i = 0; i < 3; ++i) {
    of_even.push_back(farm_.step("even"));
    claim(of_even.back(), {claim(2 * i)});
  }
  for (std::uint32_t i = 0; i < 3; ++i) {
    of_odd.push_back(farm_.step("odd"));
    claim(of_odd.back(), {claim(100 + 2 * i + 1)});
  }
  farm_.machine("m");
  std::vector<StepId> order;
  for (int i = 0; i < 6; ++i)
    order.push_back(run_one());
  EXPECT_THAT(order,
              ElementsAre(of_even[0], of_odd[0], of_even[1], of_odd[1], of_even[2], of_odd[2]));
}

// QR-082
TEST_F(ClaimsTest, GroupsThatNeedTheSameStepPayInEqualParts) {
  const StepId shared = farm_.step("shared");
  claim(shared, {claim(0), claim(1)});
  farm_.machine("m");
  run_one();
  EXPECT_EQ(farm_.scheduler.shares().seconds(groups_[0]), 5);
  EXPECT_EQ(farm_.scheduler.shares().seconds(groups_[1]), 5);
}

// QR-075, mended: priorities go down as well.
TEST_F(ClaimsTest, APriorityCanBeLoweredAgain) {
  const StepId bottom = farm_.step("bottom");
  const StepId a = farm_.step("a", {bottom});
  const StepId b = farm_.step("b", {bottom});
  claim(a, {claim(2, 9)});
  claim(b, {claim(4, 5)});
  EXPECT_EQ(rank(bottom).priority, 9);
  EXPECT_THAT(claim(a, {claim(2, 1)}), IsEmpty());
  EXPECT_EQ(rank(bottom).priority, 5);
  EXPECT_EQ(rank(a).priority, 1);
}

TEST_F(ClaimsTest, WhatNobodyWantsAnyMoreIsTold) {
  const StepId shared = farm_.step("shared");
  const StepId own = farm_.step("own", {shared});
  const StepId a = farm_.step("a", {own});
  const StepId b = farm_.step("b", {shared});
  claim(a, {claim(0)});
  claim(b, {claim(1)});
  EXPECT_THAT(claim(a, {}), UnorderedElementsAre(a, own));
  EXPECT_EQ(rank(shared).age, 1);
  EXPECT_THAT(farm_.scheduler.cancel(b).unclaimed, ElementsAre(shared));
}

TEST_F(ClaimsTest, AFailureLeavesItsSiblingsUnclaimed) {
  const StepId bad = farm_.step("bad");
  const StepId sibling = farm_.step("sibling");
  const StepId wanted = farm_.step("wanted");
  const StepId top = farm_.step("top", {bad, sibling, wanted});
  const StepId other = farm_.step("other", {wanted});
  claim(top, {claim(0)});
  claim(other, {claim(2)});
  claim(bad, {claim(0, 1)});
  farm_.machine("m");
  const auto assignment = farm_.only();
  ASSERT_EQ(assignment.step, bad);
  const auto verdict = farm_.fail(assignment, FailureClass::build_failed);
  EXPECT_THAT(verdict.fallen, ElementsAre(top));
  EXPECT_THAT(verdict.unclaimed, ElementsAre(sibling));
}

TEST_F(ClaimsTest, AClaimEndsWithItsStep) {
  const StepId step = farm_.step("step");
  claim(step, {claim(0)});
  farm_.machine("m");
  run_one();
  EXPECT_THAT(claim(step, {claim(1)}), IsEmpty());
}

}  // namespace
}  // namespace firn::sched
