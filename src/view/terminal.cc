// SPDX-License-Identifier: Apache-2.0
#include "view/terminal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace firn::view {

namespace {

/// A terminal that was stopped with Ctrl-S, or a reader that went to sleep, holds us up for as
/// long.
constexpr int kPatienceInMilliseconds = 1000;

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

ScreenSize Terminal::size() {
  winsize window{};
  if (::ioctl(fd_, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) return {};
  return {.rows = window.ws_row, .columns = window.ws_col};
}

void Terminal::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, kPatienceInMilliseconds) == 0) return;
    } else if (errno != EINTR) {
      return;
    }
  }
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
