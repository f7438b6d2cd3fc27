// SPDX-License-Identifier: Apache-2.0
#include "view/words.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace firn::view {
namespace {

using namespace std::chrono_literals;

TEST(InWords, WritesBytesInTwoDigits) {
  const std::vector<std::pair<std::uint64_t, std::string_view>> cases{
      {0, "0 B"},
      {999, "999 B"},
      {1000, "1.0 kB"},
      {1249, "1.2 kB"},
      {9949, "9.9 kB"},
      {9950, "10 kB"},
      {30'000, "30 kB"},
      {999'499, "999 kB"},
      {999'500, "1.0 MB"},
      {2'147'483'648, "2.1 GB"},
      {18'446'744'073'709'551'615U, "18 EB"},
  };
  for (const auto& [bytes, expected] : cases)
    EXPECT_EQ(in_words(ByteCount(bytes)), expected);
}

TEST(InWords, WritesTimesByTheirSize) {
  const std::vector<std::pair<Duration, std::string_view>> cases{
      {-5s, "0 ms"},
      {35ms, "35 ms"},
      {99'400us, "99 ms"},
      {99'600us, "0.1 s"},
      {1240ms, "1.2 s"},
      {9960ms, "10 s"},
      {59'400ms, "59 s"},
      {59'600ms, "1 min 00 s"},
      {192s, "3 min 12 s"},
      {3720s, "1 h 02 min"},
      {100h, "100 h 00 min"},
  };
  for (const auto& [time, expected] : cases)
    EXPECT_EQ(in_words(time), expected);
}

TEST(OnAClock, CountsWholeSeconds) {
  EXPECT_EQ(on_a_clock(-1s), "0:00");
  EXPECT_EQ(on_a_clock(7900ms), "0:07");
  EXPECT_EQ(on_a_clock(192s), "3:12");
  EXPECT_EQ(on_a_clock(3753s), "1:02:33");
}

TEST(Counted, HasAPlural) {
  EXPECT_EQ(counted(0, "step"), "0 steps");
  EXPECT_EQ(counted(1, "step"), "1 step");
  EXPECT_EQ(counted(2, "more machine"), "2 more machines");
}

}  // namespace
}  // namespace firn::view
