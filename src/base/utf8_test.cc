// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace firn {
namespace {

TEST(Utf8, TakesTextOfEveryLength) {
  const std::string_view texts[] = {"",
                                    "a",
                                    "\x7f",
                                    "\xc2\x80",
                                    "\xdf\xbf",
                                    "\xe0\xa0\x80",
                                    "\xed\x9f\xbf",
                                    "\xee\x80\x80",
                                    "\xef\xbf\xbf",
                                    "\xf0\x90\x80\x80",
                                    "\xf4\x8f\xbf\xbf",
                                    "a\xc3\xa4 \xe2\x80\xa6z"};
  for (const auto text : texts) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesEverythingElse) {
  const std::string_view texts[] = {"\x80",
                                    "\xc0\x80",
                                    "\xc1\xbf",
                                    "\xc2",
                                    "\xc2z",
                                    "\xe0\x9f\xbf",
                                    "\xe2\x80",
                                    "\xed\xa0\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xff",
                                    "a\xe2\x80z"};
  for (const auto text : texts) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, WhatIsNoTextIsMadeOne) {
  using namespace std::string_view_literals;
  EXPECT_EQ(to_clean_text(""), "");
  EXPECT_EQ(to_clean_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac"), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
  EXPECT_EQ(to_clean_text("a\0b"sv),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(to_clean_text("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(to_clean_text("\xed\xa0\x80z"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
}

}  // namespace
}  // namespace firn
