// SPDX-License-Identifier: Apache-2.0
#include "view/text.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::view {
namespace {

using ::testing::ElementsAre;

constexpr Style kUnicode{.colour = false, .unicode = true};
constexpr Style kAscii{};
constexpr Style kColour{.colour = true, .unicode = true};

TEST(DisplayWidth, CountsCells) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("hello"), 5U);
  EXPECT_EQ(display_width("größer…"), 7U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
}

TEST(Printable, DoesATerminalNoHarm) {
  struct Case {
    std::string line;
    std::string_view expected;
  };

  const std::vector<Case> cases{
      {.line = "plain ‘text’", .expected = "plain ‘text’"},
      {.line = "\x1b[31mred\x1b[0m and \x1b]0;a title\ablue", .expected = "red and blue"},
      {.line = "a\x1b]8;;http://x\x1b\\link", .expected = "alink"},
      {.line = "10 %\r50 %\r100 %\r\n", .expected = "100 %"},
      {.line = "a\tb\ac\x7f", .expected = "a bc"},
      {.line = "caf\xe9 \xc3", .expected = "caf? ?"},
      {.line = "abc\u202efed\u009b31m", .expected = "abcfed31m"},
      {.line = "\xed\xa0\x80\xc0\xaf", .expected = "?????"},
      {.line = "open \x1b[", .expected = "open "},
      {.line = "open \x1b", .expected = "open "},
  };
  for (const auto& c : cases)
    EXPECT_EQ(printable(c.line), c.expected) << c.line;
}

TEST(FirstLine, SkipsEmptyOnes) {
  EXPECT_EQ(first_line("\n  \nsecond\nthird"), "second");
  EXPECT_EQ(first_line("\n\n"), "");
}

TEST(Cut, LeavesOutTheEndOrTheMiddle) {
  EXPECT_EQ(cut_end("hello-2.1", 9, kUnicode), "hello-2.1");
  EXPECT_EQ(cut_end("hello-2.1", 6, kUnicode), "hello…");
  EXPECT_EQ(cut_end("hello-2.1", 6, kAscii), "hel...");
  EXPECT_EQ(cut_end("hello-2.1", 0, kUnicode), "");
  EXPECT_EQ(cut_end("日本語", 5, kUnicode), "日本…");
  EXPECT_EQ(cut_middle("python3.11-django-4.2.1", 16, kUnicode), "python3.1…-4.2.1");
  EXPECT_EQ(cut_middle("python3.11-django-4.2.1", 16, kAscii), "python3....4.2.1");
  EXPECT_EQ(cut_middle("python", 3, kUnicode), "py…");
}

TEST(Cut, NeverExceedsTheWidth) {
  const std::string text = "a日b本c語-größer-than-this";
  for (const Style& style : {kUnicode, kAscii}) {
    for (std::size_t width = 0; width < 30; ++width) {
      EXPECT_LE(display_width(cut_end(text, width, style)), width);
      EXPECT_LE(display_width(cut_middle(text, width, style)), width);
    }
  }
}

TEST(Wrapped, BreaksAtSpaces) {
  EXPECT_THAT(wrapped("one two three", 20, 3, kUnicode), ElementsAre("one two three"));
  EXPECT_THAT(wrapped("one two three four", 8, 3, kUnicode),
              ElementsAre("one two", "three", "four"));
  EXPECT_THAT(wrapped("one two three four", 8, 2, kUnicode), ElementsAre("one two", "three f…"));
  EXPECT_THAT(wrapped("abcdefghij", 4, 3, kUnicode), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(wrapped("abc", 0, 3, kUnicode), ElementsAre(""));
}

TEST(Line, KnowsItsWidthInColour) {
  Line line(kColour);
  line.put("✓", Role::good).skip_to(4).put("größer").put_right(20, "1.2 s", Role::dim);
  EXPECT_EQ(line.width(), 20U);
  EXPECT_EQ(line.text(), "\x1b[32m✓\x1b[0m   größer     \x1b[2m1.2 s\x1b[0m");
}

TEST(Line, ShowsOnlyAsciiWhereNothingElseCanBeShown) {
  EXPECT_EQ(Line(kAscii).put("‘größer’").text(), "?gr??er?");
}

}  // namespace
}  // namespace firn::view
