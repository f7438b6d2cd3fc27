// SPDX-License-Identifier: Apache-2.0
#include "eval/plain_text.h"

#include <gtest/gtest.h>

namespace firn::eval {
namespace {

TEST(PlainText, KeepsWhatPeopleRead) {
  const struct {
    std::string_view text;
    std::string_view plain;
  } cases[] = {
      {"", ""},
      {"\n\n", ""},
      {"error: no\n", "error: no"},
      {"\n  a\n\tb \n\n", "  a\n\tb"},
      {"\x1b[31;1merror:\x1b[0m no", "error: no"},
      {"a\x1b]8;;http://x\x1b\\b\x1b]0;title\ac", "abc"},
      {"\x1b(Bx\x1b[2K\ry\b", "xy"},
      {"caf\xc3\xa9", "caf\xc3\xa9"},
      {"cut\x1b[3", "cut"},
      {"cut\x1b", "cut"},
      {"cut\x1b]0;never ends", "cut"},
  };

  for (const auto& c : cases)
    EXPECT_EQ(plain_text(c.text), c.plain);
}

}  // namespace
}  // namespace firn::eval
