// SPDX-License-Identifier: Apache-2.0
#include "view/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace firn::view {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

bool can_unicode(const TerminalFacts& facts) {
  // Without a locale, terminals show UTF-8 nearly everywhere; multiplexers go by the locale alone.
  if (facts.locale.empty())
    return !facts.term.starts_with("screen") && !facts.term.starts_with("tmux");
  std::string locale = facts.locale;
  std::ranges::transform(locale, locale.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

ScreenSize screen_size(int fd) {
  winsize window{};
  if (::ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) return {};
  return {.rows = window.ws_row, .columns = window.ws_col};
}

TerminalFacts facts_of(int fd) {
  TerminalFacts facts{.is_terminal = ::isatty(fd) == 1,
                      .term = environment("TERM"),
                      .no_color = !environment("NO_COLOR").empty()};
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (facts.locale.empty()) facts.locale = environment(name);
  }
  return facts;
}

ViewKind default_view(const TerminalFacts& facts) {
  const bool can_move = facts.is_terminal && !facts.term.empty() && facts.term != "dumb";
  return can_move ? ViewKind::live : ViewKind::plain;
}

Style style_for(const TerminalFacts& facts) {
  const bool is_live = default_view(facts) == ViewKind::live;
  return {.colour = is_live && !facts.no_color, .unicode = is_live && can_unicode(facts)};
}

}  // namespace firn::view
