// SPDX-License-Identifier: Apache-2.0
#include "eval/plain_text.h"

#include <algorithm>

namespace firn::eval {

namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\a';

/// How many of the first characters lie between `low` and `high`, and the one behind them.
std::size_t run_and_final(std::string_view text, char low, char high) {
  const auto* const last =
      std::find_if(text.begin(), text.end(), [&](char c) { return c < low || c > high; });
  return std::min<std::size_t>(text.size(), static_cast<std::size_t>(last - text.begin()) + 1);
}

/// How long the escape sequence at the start of `text` is (ECMA-48: CSI, OSC, and the short ones).
/// One cut short reaches to the end.
std::size_t escape_length(std::string_view text) {
  const auto rest = text.substr(1);
  if (rest.starts_with('[')) return 2 + run_and_final(rest.substr(1), ' ', '?');
  if (!rest.starts_with(']')) return 1 + run_and_final(rest, ' ', '/');
  const auto end = text.find_first_of("\a\x1b", 2);
  if (end == std::string_view::npos) return text.size();
  return text[end] == kBell ? end + 1 : std::min(text.size(), end + 2);
}

bool is_shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

std::string plain_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    if (text.front() == kEscape) {
      text.remove_prefix(escape_length(text));
      continue;
    }
    if (is_shown(text.front())) plain += text.front();
    text.remove_prefix(1);
  }
  plain.erase(plain.find_last_not_of(" \t\n") + 1);
  const auto first = plain.find_first_not_of('\n');
  return first == std::string::npos ? std::string() : plain.substr(first);
}

}  // namespace firn::eval
