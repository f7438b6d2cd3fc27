// SPDX-License-Identifier: Apache-2.0
#include "sched/ready_queues.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr ClassId kClass{0};
constexpr ClassId kOther{1};

ReadyPlace key(std::uint32_t step, std::int64_t priority = 0, std::uint32_t dependents = 0) {
  return {.priority = priority,
          .groups = kNobody,
          .key = {.second = dependents, .serial = step, .step = StepId(step)}};
}

ReadyPlace paid_by(std::uint32_t groups, std::uint32_t step, std::uint32_t local_priority = 0) {
  return {.priority = 0,
          .groups = GroupSetId(groups),
          .key = {.first = local_priority, .serial = step, .step = StepId(step)}};
}

std::vector<std::uint64_t> all(ReadyQueues& queues, QueueId id) {
  std::vector<std::uint64_t> order;
  while (!queues.active().empty())
    order.push_back(queues.pop(id).value());
  return order;
}

TEST(ReadyQueues, OrdersByPriorityThenNumbersThenAge) {
  ReadyQueues queues;
  QueueId id;
  for (const ReadyPlace& k : {key(4), key(3), key(2, 0, 5), key(1, -1, 9), key(5, 7)}) {
    id = queues.push(kClass, {}, k);
  }
  EXPECT_THAT(all(queues, id), ElementsAre(5, 2, 3, 4, 1));
}

TEST(ReadyQueues, MovesAStepWhoseKeyChanges) {
  ReadyQueues queues;
  queues.push(kClass, {}, key(1));
  const QueueId id = queues.push(kClass, {}, key(2));
  queues.replace(id, key(2), key(2, 0, 1));
  EXPECT_EQ(queues.pop(id), StepId(2));
}

TEST(ReadyQueues, LetsThoseGoFirstWhoHaveUsedLeast) {
  ReadyQueues queues;
  queues.set_used(GroupSetId(1), 9);
  QueueId id;
  for (const ReadyPlace& place : {paid_by(1, 1), paid_by(1, 2, 5), paid_by(2, 3), paid_by(3, 4)})
    id = queues.push(kClass, {}, place);
  queues.set_used(GroupSetId(3), 3);
  EXPECT_EQ(queues.queue(id).turn().groups, GroupSetId(2));
  EXPECT_EQ(queues.queue(id).first().step, StepId(3));
  queues.set_used(GroupSetId(2), 10);
  EXPECT_THAT(all(queues, id), ElementsAre(4, 2, 1, 3));
}

TEST(ReadyQueues, PutsPriorityBeforeShares) {
  ReadyQueues queues;
  queues.set_used(GroupSetId(1), 9);
  ReadyPlace urgent = paid_by(1, 1);
  urgent.priority = 1;
  queues.push(kClass, {}, paid_by(2, 2));
  const QueueId id = queues.push(kClass, {}, urgent);
  EXPECT_THAT(all(queues, id), ElementsAre(1, 2));
}

TEST(ReadyQueues, MovesAStepToAnotherLane) {
  ReadyQueues queues;
  const QueueId id = queues.push(kClass, {}, paid_by(1, 1));
  queues.replace(id, paid_by(1, 1), paid_by(2, 1));
  EXPECT_THAT(queues.queue(id).steps(), ElementsAre(StepId(1)));
  queues.set_used(GroupSetId(1), 1);
  EXPECT_THAT(all(queues, id), ElementsAre(1));
}

TEST(ReadyQueues, KnowsWhichQueuesAreActive) {
  ReadyQueues queues;
  EXPECT_THAT(queues.active(), IsEmpty());
  const QueueId one = queues.push(kClass, {}, key(1));
  const QueueId two = queues.push(kOther, {}, key(2));
  const QueueId detour = queues.push(kClass, {MachineId(3)}, key(3));
  EXPECT_THAT(queues.active(), UnorderedElementsAre(one, two, detour));
  queues.erase(one, key(1));
  EXPECT_THAT(queues.active(), UnorderedElementsAre(two, detour));
  EXPECT_EQ(queues.push(kClass, {}, key(1)), one);
  EXPECT_THAT(queues.queue(detour).avoid, ElementsAre(MachineId(3)));
}

TEST(ReadyQueues, ReusesTheQueuesOfDetours) {
  ReadyQueues queues;
  const QueueId first = queues.push(kClass, {MachineId(1)}, key(1));
  EXPECT_EQ(queues.pop(first), StepId(1));
  const QueueId second = queues.push(kOther, {MachineId(2)}, key(2));
  EXPECT_EQ(first, second);
  EXPECT_EQ(queues.queue(second).step_class, kOther);
  EXPECT_THAT(queues.queue(second).avoid, ElementsAre(MachineId(2)));
}

}  // namespace
}  // namespace firn::sched
