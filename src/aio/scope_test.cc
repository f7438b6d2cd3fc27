// SPDX-License-Identifier: Apache-2.0
#include "aio/scope.h"

#include "aio/channel.h"
#include "aio/loop.h"
#include "aio/phase.h"
#include "aio/semaphore.h"
#include "support/run.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::aio {
namespace {

using namespace std::chrono_literals;
using testing::kind_of;

struct Witness {
  explicit Witness(int* c) : count(c) { ++*count; }

  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  ~Witness() { --*count; }

  int* count;
};

Task<void> wait_for_ever(int* alive) {
  const Witness witness(alive);
  WaitQueue queue;
  co_await queue.wait();
}

Task<void> fail_later() {
  co_await yield_now();
  throw Error(Kind::conflict, "first");
}

Task<void> join_failing(Loop& loop, int& alive) {
  Scope scope(loop);
  for (int i = 0; i < 5; ++i)
    scope.spawn(wait_for_ever, &alive);
  scope.spawn(fail_later);
  co_await scope.join();
}

TEST(Scope, AFailureCancelsTheSiblingsAndIsReported) {
  Loop loop;
  int alive = 0;
  EXPECT_EQ(kind_of(loop, join_failing(loop, alive)), Kind::conflict);
  EXPECT_EQ(alive, 0);
}

Task<void> join_many(Loop& loop, int& alive) {
  Scope scope(loop);
  for (int i = 0; i < 3; ++i)
    scope.spawn(wait_for_ever, &alive);
  co_await scope.join();
}

TEST(Scope, ACancelledJoinEndsItsChildren) {
  Loop loop;
  int alive = 0;
  EXPECT_EQ(kind_of(loop, within(loop, "join", 2ms, join_many(loop, alive))), Kind::timeout);
  EXPECT_EQ(alive, 0);
}

Task<void> write_numbers(Channel<int>* channel, int count) {
  for (int i = 0; i < count; ++i)
    co_await channel->push(i);
  channel->close();
}

Task<void> read_numbers(Loop& loop, std::vector<int>& seen) {
  Channel<int> channel(2);
  Scope scope(loop);
  scope.spawn(write_numbers, &channel, 100);
  while (const auto number = co_await channel.pop())
    seen.push_back(*number);
  co_await scope.join();
}

TEST(Channel, KeepsTheOrderAndEnds) {
  Loop loop;
  std::vector<int> seen;
  loop.run(read_numbers(loop, seen));
  ASSERT_EQ(seen.size(), 100U);
  EXPECT_EQ(seen.back(), 99);
}

struct Load {
  Semaphore semaphore{3};
  int now = 0;
  int most = 0;
};

Task<void> carry(Load* load) {
  const auto permit = co_await load->semaphore.acquire();
  load->most = std::max(load->most, ++load->now);
  co_await yield_now();
  --load->now;
}

Task<void> carry_all(Loop& loop, Load& load) {
  Scope scope(loop);
  for (int i = 0; i < 20; ++i)
    scope.spawn(carry, &load);
  co_await scope.join();
}

TEST(Semaphore, NeverHandsOutMoreThanItHas) {
  Loop loop;
  Load load;
  loop.run(carry_all(loop, load));
  EXPECT_EQ(load.most, 3);
  EXPECT_EQ(load.now, 0);
}

}  // namespace
}  // namespace firn::aio
