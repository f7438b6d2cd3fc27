// SPDX-License-Identifier: Apache-2.0
#include "transport/remote_pid.h"

#include "aio/child_process.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace firn::transport {

namespace {

constexpr std::size_t kMostDigits = 10;

}  // namespace

std::string announcing_pid(std::string_view word, std::string_view command) {
  return "exec sh -c " +
         aio::quote_for_shell(fmt::format("echo {} $$ >&2; exec {}", word, command));
}

/// Whether `line`, which may still lack its end, is the one that we look for.
bool PidLine::is_ours(std::string_view line) const {
  const auto mark = line.substr(0, word_.size());
  if (mark != std::string_view(word_).substr(0, mark.size())) return false;
  line.remove_prefix(mark.size());
  if (line.empty()) return true;
  const auto digits = line.substr(1);
  return line.front() == ' ' && digits.size() <= kMostDigits &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

void PidLine::learn(std::string_view line) {
  const auto digits = line.substr(std::min(line.size(), word_.size() + 1));
  pid_t pid = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (pid > 1) pid_ = pid;
  word_.clear();
}

std::string PidLine::take(std::string_view text) {
  std::string passed;
  while (!text.empty() && !word_.empty()) {
    const auto end = text.find('\n');
    const auto piece = text.substr(0, end);
    const bool has_end = end != std::string_view::npos;
    text.remove_prefix(std::min(text.size(), piece.size() + 1));
    held_ += piece;
    const bool is_cut_short = has_end && held_.size() < word_.size() + 2;
    if (!at_line_start_ || is_cut_short || !is_ours(held_)) {
      passed += std::exchange(held_, {});
      if (has_end) passed += '\n';
      at_line_start_ = has_end;
    } else if (has_end) {
      learn(std::exchange(held_, {}));
    }
  }
  return passed.append(text);
}

std::string PidLine::give_up() {
  word_.clear();
  return std::exchange(held_, {});
}

}  // namespace firn::transport
