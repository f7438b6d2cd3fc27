// SPDX-License-Identifier: Apache-2.0
#include "transport/remote_pid.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

TEST(PidLine, IsTakenOutWhereverItComes) {
  struct Case {
    std::string text;
    std::string passed;
    std::optional<pid_t> pid;
  };

  for (const Case& c : {
           Case{"", "", {}},
           Case{"word 123\n", "", 123},
           Case{"word 123\nwarning: x\n", "warning: x\n", 123},
           Case{"Welcome!\nword 123\nmore", "Welcome!\nmore", 123},
           Case{"word 123\nword 456\n", "word 456\n", 123},
           Case{"a word 123\n", "a word 123\n", {}},
           Case{"word 12x\n", "word 12x\n", {}},
           Case{"word\t12\n", "word\t12\n", {}},
           Case{"wor\nword 7\n", "wor\n", 7},
           Case{"words 7\n", "words 7\n", {}},
           Case{"word 12345678901\n", "word 12345678901\n", {}},
           Case{"word 1\n", "", {}},
           Case{"word \n", "word \n", {}},
           Case{"\n\nword 7\n\n", "\n\n\n", 7},
       }) {
    for (const std::size_t piece : {1U, 2U, 5U, 100U}) {
      PidLine line("word");
      std::string passed;
      for (std::size_t at = 0; at < c.text.size(); at += piece)
        passed += line.take(std::string_view(c.text).substr(at, piece));
      EXPECT_EQ(passed + line.give_up(), c.passed) << c.text;
      EXPECT_EQ(line.pid(), c.pid) << c.text;
    }
  }
}

TEST(PidLine, HoldsBackNothingElse) {
  PidLine line("word");
  EXPECT_EQ(line.take("wo"), "");
  EXPECT_EQ(line.take("man: no"), "woman: no");
  EXPECT_EQ(line.take(" word 12"), " word 12");
}

TEST(PidLine, AfterGivingUpEveryLineIsTheirs) {
  PidLine line("word");
  EXPECT_EQ(line.take("wo"), "");
  EXPECT_EQ(line.give_up(), "wo");
  EXPECT_EQ(line.take("rd\nword 7\n"), "rd\nword 7\n");
  EXPECT_EQ(line.pid(), std::nullopt);
}

TEST(AnnouncingPid, QuotesTheCommandOnce) {
  EXPECT_EQ(announcing_pid("w1", "nix-store --serve"),
            "exec sh -c 'echo w1 $$ >&2; exec nix-store --serve'");
  EXPECT_EQ(announcing_pid("w1", "'/a b/nix-store'"),
            R"(exec sh -c 'echo w1 $$ >&2; exec '\''/a b/nix-store'\''')");
}

}  // namespace
}  // namespace firn::transport
