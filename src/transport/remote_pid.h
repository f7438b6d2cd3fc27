// SPDX-License-Identifier: Apache-2.0
// How the process behind a session tells its number: a shell prints one line on stderr and becomes
// the program. The line is recognised by a word that only we know, and nobody else sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace firn::transport {

/// `command` for a login shell of any kind, preceded by that line. `word` is what marks it: letters
/// and digits.
std::string announcing_pid(std::string_view word, std::string_view command);

/// Takes the line out of what a program prints.
class PidLine {
 public:
  /// Without a word nothing is looked for.
  explicit PidLine(std::string word) : word_(std::move(word)) {}

  /// What is to be passed on. The beginning of a line that may be ours is held back until it is
  /// known.
  std::string take(std::string_view text);

  /// What is held back; from now on nothing is looked for.
  std::string give_up();

  /// Known once the line has come.
  const std::optional<pid_t>& pid() const { return pid_; }

 private:
  bool is_ours(std::string_view line) const;
  void learn(std::string_view line);

  /// Empty = nothing is looked for.
  std::string word_;
  std::string held_;
  bool at_line_start_ = true;
  std::optional<pid_t> pid_;
};

}  // namespace firn::transport
