// SPDX-License-Identifier: Apache-2.0
#include "sched/back_off.h"

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using std::chrono::seconds;

TEST(BackOff, GrowsByItsFactorUpToItsLimit) {
  const BackOff back_off{.first = seconds(1), .factor = 3, .limit = seconds(30)};
  Random random(1);
  const int expected[] = {1, 3, 9, 27, 30, 30};
  for (std::uint32_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(back_off.delay(i, random), seconds(expected[i])) << i;
  }
  EXPECT_EQ(back_off.delay(0xffffffffU, random), seconds(30));
}

TEST(BackOff, WithoutJitterLeavesTheRandomSourceAlone) {
  Random used(7);
  Random fresh(7);
  const BackOff back_off{.first = seconds(1), .factor = 2, .limit = seconds(9)};
  back_off.delay(3, used);
  EXPECT_EQ(used.next(), fresh.next());
}

TEST(BackOff, JitterTakesAtMostItsShareAndRepeatsWithItsSeed) {
  const BackOff back_off{.first = seconds(100), .factor = 1, .limit = seconds(100), .jitter = 0.25};
  Random random(7);
  Random same(7);
  Duration least = seconds(100);
  Duration most{};
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = back_off.delay(0, random);
    EXPECT_EQ(delay, back_off.delay(0, same));
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, seconds(75));
  EXPECT_LT(least, seconds(80));
  EXPECT_LE(most, seconds(100));
  EXPECT_GT(most, seconds(95));
}

}  // namespace
}  // namespace firn::sched
