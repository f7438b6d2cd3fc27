// SPDX-License-Identifier: Apache-2.0
#include "sched/transfer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MachineId kOne{0};
constexpr MachineId kTwo{1};

class TransferQueueTest : public testing::Test {
 protected:
  TransferQueueTest() : queue_(3) {
    queue_.add_machine(1);
    queue_.add_machine(4);
  }

  TransferQueue queue_;
};

TEST_F(TransferQueueTest, ServesInOrderWithinBothLimits) {
  for (std::uint64_t i = 1; i <= 3; ++i)
    queue_.wait(kOne, AttemptId(i));
  for (std::uint64_t i = 4; i <= 6; ++i)
    queue_.wait(kTwo, AttemptId(i));
  EXPECT_THAT(queue_.grant(), ElementsAre(AttemptId(1), AttemptId(4), AttemptId(5)));
  EXPECT_THAT(queue_.grant(), IsEmpty());
  queue_.release(kTwo);
  EXPECT_THAT(queue_.grant(), ElementsAre(AttemptId(6)));
  queue_.release(kOne);
  EXPECT_THAT(queue_.grant(), ElementsAre(AttemptId(2)));
}

TEST_F(TransferQueueTest, LetsOneLeaveTheLine) {
  for (std::uint64_t i = 1; i <= 3; ++i)
    queue_.wait(kTwo, AttemptId(i));
  queue_.leave(kTwo, AttemptId(1));
  queue_.leave(kTwo, AttemptId(3));
  EXPECT_THAT(queue_.grant(), ElementsAre(AttemptId(2)));
}

TEST(TransferQueue, GivesAtLeastOneSlot) {
  TransferQueue queue(0);
  queue.add_machine(0);
  queue.wait(kOne, AttemptId(1));
  queue.wait(kOne, AttemptId(2));
  EXPECT_THAT(queue.grant(), ElementsAre(AttemptId(1)));
}

}  // namespace
}  // namespace firn::sched
