// SPDX-License-Identifier: Apache-2.0
#include "view/terminal.h"

#include "base/fd.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace firn::view {
namespace {

TEST(Terminal, ChoosesViewAndStyleByItsSurroundings) {
  struct Case {
    TerminalFacts facts;
    ViewKind view;
    bool colour;
    bool unicode;
  };

  const std::vector<Case> cases{
      {{.is_terminal = true, .term = "xterm", .locale = "de_DE.UTF-8"}, ViewKind::live, true, true},
      {{.is_terminal = true, .term = "xterm", .locale = "C.utf8"}, ViewKind::live, true, true},
      {{.is_terminal = true, .term = "xterm", .locale = ""}, ViewKind::live, true, true},
      {{.is_terminal = true, .term = "tmux-256color"}, ViewKind::live, true, false},
      {{.is_terminal = true, .term = "xterm", .locale = "C"}, ViewKind::live, true, false},
      {{.is_terminal = true, .term = "xterm", .no_color = true}, ViewKind::live, false, true},
      {{.is_terminal = true, .term = "dumb", .locale = "C.UTF-8"}, ViewKind::plain, false, false},
      {{.is_terminal = true, .term = ""}, ViewKind::plain, false, false},
      {{.is_terminal = false, .term = "xterm"}, ViewKind::plain, false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.facts.term + " " + c.facts.locale);
    EXPECT_EQ(default_view(c.facts), c.view);
    EXPECT_EQ(style_for(c.facts).colour, c.colour);
    EXPECT_EQ(style_for(c.facts).unicode, c.unicode);
  }
}

TEST(Terminal, APipeHasTheUsualSize) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd reading(ends[0]);
  const Fd writing(ends[1]);
  EXPECT_EQ(screen_size(writing.get()), (ScreenSize{.rows = 24, .columns = 80}));
  EXPECT_FALSE(facts_of(writing.get()).is_terminal);
}

}  // namespace
}  // namespace firn::view
