// SPDX-License-Identifier: Apache-2.0
#include "farm/free_number.h"

#include <set>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

TEST(FreeNumber, FollowsTheLast) {
  for (std::uint32_t last = 0; last < 200; ++last)
    EXPECT_EQ(find_free_number([&](std::uint32_t n) { return n <= last; }), last + 1);
}

TEST(FreeNumber, IsFreeWhereThereAreGaps) {
  const std::set<std::uint32_t> taken = {1, 3, 4, 7, 8, 9};
  const auto free = find_free_number([&](std::uint32_t n) { return taken.contains(n); });
  EXPECT_FALSE(taken.contains(free));
  EXPECT_TRUE(taken.contains(free - 1));
}

TEST(FreeNumber, DoesNotAskOfAll) {
  int asked = 0;
  const auto is_taken = [&](std::uint32_t n) {
    ++asked;
    return n <= 100'000;
  };
  EXPECT_EQ(find_free_number(is_taken), 100'001U);
  EXPECT_LE(asked, 2 * 17);
}

TEST(FreeNumber, EndsWhereEverythingIsTaken) {
  EXPECT_THROW(find_free_number([](std::uint32_t) { return true; }), Error);
}

}  // namespace
}  // namespace firn::farm
