// SPDX-License-Identifier: Apache-2.0
#include "sim/queue.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace firn::sim {
namespace {

using std::chrono::seconds;

Queue two_steps() {
  Queue queue;
  queue.kinds.push_back({.system = "x86_64-linux", .features = {}});
  queue.steps.push_back({.name = "a", .dependencies = {}, .duration = seconds(1)});
  queue.steps.push_back({.name = "b", .dependencies = {0}, .duration = seconds(1)});
  queue.projects.push_back({.name = "p"});
  queue.builds.push_back({.step = 1});
  return queue;
}

TEST(Queue, IsRefusedWhereNumbersPointNowhere) {
  EXPECT_NO_THROW(check(two_steps()));
  Queue cyclic = two_steps();
  cyclic.steps[0].dependencies = {1};
  EXPECT_THROW(check(cyclic), Error);
  Queue homeless = two_steps();
  homeless.builds[0].project = 1;
  EXPECT_THROW(check(homeless), Error);
  Queue kindless = two_steps();
  kindless.steps[1].kind = 1;
  EXPECT_THROW(check(kindless), Error);
  Queue backwards = two_steps();
  backwards.steps[1].duration = seconds(-1);
  EXPECT_THROW(check(backwards), Error);
}

TEST(Queue, IsSortedSoThatDependenciesComeFirst) {
  Queue queue = two_steps();
  std::swap(queue.steps[0], queue.steps[1]);
  queue.steps[0].dependencies = {1};
  queue.builds[0].step = 0;
  const Queue in_order = sorted(queue);
  EXPECT_NO_THROW(check(in_order));
  EXPECT_EQ(in_order.steps[0].name, "a");
  EXPECT_EQ(in_order.builds[0].step, 1U);
  queue.steps[1].dependencies = {0};
  EXPECT_THROW(sorted(queue), Error);
}

TEST(Queue, MachinesTakeWhatNixLetsThemTake) {
  const sched::MachineSpec machine{.systems = {"x86_64-linux"},
                                   .supported_features = {"kvm"},
                                   .mandatory_features = {"benchmark"}};
  EXPECT_TRUE(can_take(machine, {.system = "x86_64-linux", .features = {"benchmark", "kvm"}}));
  EXPECT_TRUE(can_take(machine, {.system = "builtin", .features = {"benchmark"}}));
  EXPECT_FALSE(can_take(machine, {.system = "x86_64-linux", .features = {"kvm"}}));
  EXPECT_FALSE(can_take(machine, {.system = "aarch64-linux", .features = {"benchmark"}}));
  EXPECT_FALSE(can_take(machine, {.system = "x86_64-linux", .features = {"benchmark", "big"}}));
}

TEST(Queue, CapacityIsSlotsTimesSpeed) {
  EXPECT_EQ(capacity({.max_jobs = 4, .speed_factor = 2}), 8);
  EXPECT_EQ(capacity({.max_jobs = 4, .speed_factor = 0}), 4);
}

}  // namespace
}  // namespace firn::sim
