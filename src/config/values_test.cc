// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <string_view>

#include <gtest/gtest.h>

namespace firn::config {
namespace {

using namespace std::chrono_literals;

TEST(Values, TimesAreReadAndSpeltAlike) {
  const struct {
    std::string_view text;
    Duration duration;
  } cases[] = {{"500ms", 500ms},
               {"90s", 90s},
               {"5min", 5min},
               {"2h", 2h},
               {"14d", 14 * 24h},
               {"365d", 365 * 24h}};

  for (const auto& c : cases) {
    EXPECT_EQ(read_duration(c.text), c.duration) << c.text;
    EXPECT_EQ(spell(c.duration), c.text);
  }
  EXPECT_EQ(read_duration("120s"), 2min);
}

TEST(Values, WhatIsNoTimeIsNone) {
  for (const std::string_view text : {"",
                                      "90",
                                      "s",
                                      "0s",
                                      "-5s",
                                      "1.5h",
                                      "5 min",
                                      "5m",
                                      "366d",
                                      "99999999999999999999s",
                                      "2h30min"})
    EXPECT_FALSE(read_duration(text)) << text;
}

TEST(Values, SizesAreReadAndSpeltAlike) {
  const struct {
    std::string_view text;
    ByteCount size;
  } cases[] = {
      {"100B", ByteCount(100)}, {"256KiB", 256_KiB}, {"64MiB", 64_MiB}, {"2GiB", 2048_MiB}};

  for (const auto& c : cases) {
    EXPECT_EQ(read_size(c.text), c.size) << c.text;
    EXPECT_EQ(spell(c.size), c.text);
  }
}

TEST(Values, WhatIsNoSizeIsNone) {
  for (const std::string_view text : {"", "64", "MiB", "0B", "64MB", "64 MiB", "9000000000GiB"})
    EXPECT_FALSE(read_size(text)) << text;
}

}  // namespace
}  // namespace firn::config
