// SPDX-License-Identifier: Apache-2.0
// The three orders, and chains that follow what is added, what ends and what is expected.
#include "support/sched_farm.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;

StepId add(SchedFarm& farm, Duration expected, std::vector<StepId> dependencies = {}) {
  return farm.scheduler.add_step({.name = "s", .system = kLinux, .expected_duration = expected},
                                 dependencies);
}

/// All ready steps, in the order in which one machine with one slot takes them.
std::vector<StepId> one_by_one(SchedFarm& farm) {
  std::vector<StepId> order;
  for (auto next = farm.assignments(); !next.empty(); next = farm.assignments()) {
    order.push_back(next.front().step);
    farm.succeed(next.front());
  }
  return order;
}

void claim(SchedFarm& farm, StepId step, GroupId group, std::int32_t local_priority) {
  const Claim claim{.local_priority = local_priority, .age = 1, .group = group};
  farm.scheduler.set_claims(step, std::vector{claim});
}

TEST(Order, HasNamesThatUsersWrite) {
  for (const Order order : {Order::critical_path, Order::hydra, Order::rdeps}) {
    EXPECT_EQ(parse_order(to_string(order)), order);
  }
  EXPECT_EQ(to_string(Order::critical_path), "critical-path");
  EXPECT_FALSE(parse_order("random"));
}

TEST(CriticalPath, StartsTheLongestChainFirst) {
  SchedFarm farm;
  farm.machine("m");
  const StepId wide = add(farm, minutes(5));
  const StepId deep = add(farm, minutes(1));
  add(farm, minutes(1), {wide});
  add(farm, minutes(1), {wide});
  const StepId middle = add(farm, minutes(2), {deep});
  const StepId top = add(farm, minutes(4), {middle});
  EXPECT_EQ(farm.only().step, deep);
  EXPECT_EQ(farm.scheduler.critical_path(deep), minutes(7));
  EXPECT_EQ(farm.scheduler.critical_path(wide), minutes(6));
  EXPECT_EQ(farm.scheduler.critical_path(top), minutes(4));
}

TEST(CriticalPath, FollowsWhatIsExpected) {
  SchedFarm farm;
  farm.machine("m");
  const StepId a = add(farm, minutes(1));
  const StepId b = add(farm, minutes(2));
  const StepId above = add(farm, minutes(3), {a});
  farm.scheduler.set_expected_duration(above, seconds(1));
  farm.scheduler.dispatch(farm.now);
  EXPECT_EQ(farm.scheduler.critical_path(a), seconds(61));
  EXPECT_EQ(farm.state(b), StepState::running);
}

TEST(CriticalPath, ShrinksWhenStepsAboveEnd) {
  SchedFarm farm;
  const StepId below = add(farm, minutes(1));
  const StepId middle = add(farm, minutes(1), {below});
  const StepId top = add(farm, minutes(9), {middle});
  add(farm, minutes(2), {below});
  farm.dispatch();
  EXPECT_EQ(farm.scheduler.critical_path(below), minutes(11));
  farm.scheduler.cancel(top);
  EXPECT_EQ(farm.scheduler.critical_path(below), minutes(3));
  farm.scheduler.complete_without_build(middle);
  EXPECT_EQ(farm.scheduler.critical_path(below), minutes(3));
}

TEST(CriticalPath, StandsBelowLocalPriority) {
  SchedFarm farm;
  farm.machine("m");
  const GroupId group = farm.scheduler.add_group(1);
  const StepId slow = add(farm, minutes(9));
  const StepId urgent = add(farm, minutes(1));
  claim(farm, slow, group, 0);
  claim(farm, urgent, group, 5);
  EXPECT_THAT(one_by_one(farm), ElementsAre(urgent, slow));
}

TEST(CriticalPath, CountsTimeThatDoesNotFitAsTheMost) {
  SchedFarm farm;
  const StepId below = add(farm, std::chrono::hours(24 * 40));
  const StepId nothing = add(farm, seconds(-1));
  add(farm, std::chrono::hours(24 * 40), {below});
  farm.dispatch();
  EXPECT_EQ(farm.scheduler.critical_path(below), milliseconds(0xffffffffU));
  EXPECT_EQ(farm.scheduler.critical_path(nothing), milliseconds(1));
}

/// A step that many wait for, one that a long chain waits for, and one that needs a feature.
std::vector<StepId> order_of(Order order) {
  SchedFarm farm({.order = order});
  farm.machine("m", 1, {"kvm"});
  const GroupId group = farm.scheduler.add_group(1);
  const StepId popular = add(farm, minutes(1));
  const StepId deep = add(farm, minutes(1));
  const StepId special = farm.step("kvm", {}, {.features = {"kvm"}});
  const StepId urgent = add(farm, minutes(1));
  std::vector<StepId> tops{special, urgent};
  for (int i = 0; i < 3; ++i)
    tops.push_back(add(farm, minutes(1), {popular}));
  tops.push_back(add(farm, minutes(1), {add(farm, minutes(5), {deep})}));
  for (const StepId top : tops)
    claim(farm, top, group, top == urgent ? 1 : 0);
  auto started = one_by_one(farm);
  std::erase_if(started, [&](StepId step) { return step > urgent; });
  return started;
}

TEST(Order, DecidesWhatGoesFirst) {
  const StepId popular(0);
  const StepId deep(1);
  const StepId special(2);
  const StepId urgent(3);
  EXPECT_THAT(order_of(Order::critical_path), ElementsAre(urgent, deep, popular, special));
  EXPECT_THAT(order_of(Order::hydra), ElementsAre(urgent, special, popular, deep));
  EXPECT_THAT(order_of(Order::rdeps), ElementsAre(popular, deep, urgent, special));
}

}  // namespace
}  // namespace firn::sched
