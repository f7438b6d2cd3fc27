// SPDX-License-Identifier: Apache-2.0
#include "view/style.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace firn::view {

namespace {

/// By role: the parameters of a "select graphic rendition" sequence (ECMA-48, 8.3.117). Only the
/// terminal's own palette is used, so that they suit its theme.
constexpr std::array<std::string_view, 7> kRenditions{"", "1", "2", "32", "31", "33", "36"};

constexpr Signs kUnicodeSigns{.built = "✓",
                              .failed = "✗",
                              .again = "↻",
                              .attention = "!",
                              .sent = "↑",
                              .received = "↓",
                              .idle = "·",
                              .separator = " · ",
                              .ellipsis = "…",
                              .log_margin = "│ ",
                              .bar_built = "━",
                              .bar_failed = "━",
                              .bar_running = "╍",
                              .bar_rest = "─"};

constexpr Signs kAsciiSigns{.built = "+",
                            .failed = "x",
                            .again = "~",
                            .attention = "!",
                            .sent = "up",
                            .received = "down",
                            .idle = "-",
                            .separator = ", ",
                            .ellipsis = "...",
                            .log_margin = "| ",
                            .bar_built = "#",
                            .bar_failed = "x",
                            .bar_running = "=",
                            .bar_rest = "-"};

}  // namespace

std::string paint(const Style& style, Role role, std::string_view text) {
  const std::string_view rendition = kRenditions.at(static_cast<std::size_t>(role));
  if (!style.colour || rendition.empty() || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", rendition, text);
}

const Signs& signs_of(const Style& style) {
  return style.unicode ? kUnicodeSigns : kAsciiSigns;
}

}  // namespace firn::view
