// SPDX-License-Identifier: Apache-2.0
// Child processes of the lab: plain blocking code, so that what is under test shares nothing with
// it.
#pragma once

#include "base/fd.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace firn::lab {

using Environment = std::map<std::string, std::string>;

/// This process's own environment.
Environment current_environment();

/// What to start. `argv[0]` is searched in the PATH of `env`.
struct Command {
  std::vector<std::string> argv{};
  /// The whole environment of the child.
  Environment env = current_environment();
  /// -1 = /dev/null. Borrowed for the length of the start.
  int stdin_fd = -1;
  /// Standard streams and terminal are those of the caller; nothing is captured.
  bool inherit_stdio = false;
  /// `argv` forks once and waits, as nsenter does: signals and memory are those of its only child.
  bool is_wrapper = false;
};

/// How a process ended.
struct Outcome {
  /// -1 where a signal ended it.
  int exit_code = -1;
  /// 0 where it exited by itself.
  int signal = 0;
  std::string out{};
  std::string err{};
  /// Highest resident memory of the process itself without its children; looked at every 10 ms.
  std::uint64_t peak_rss_kib = 0;
  std::chrono::milliseconds wall{};

  bool ok() const { return exit_code == 0; }

  /// "exit code 3" or "signal 9", then what it wrote: for messages of tests.
  std::string describe() const;
};

/// A running child. Leaving the scope kills it. Captured children live in a session of their own,
/// out of reach of the terminal's Ctrl-C. Output is captured in anonymous memory files, never in a
/// pipe that could fill.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  /// The process that does the work, as seen from here. Throws where it has not started within 5 s.
  pid_t pid();

  void signal(int number);

  /// What it wrote so far.
  std::string out() const;
  std::string err() const;

  /// True as soon as `text` stands in what it wrote; false where the limit passes or it ends
  /// without.
  bool wait_for_output(std::string_view text, std::chrono::milliseconds limit);
  bool is_running();

  /// Waits for the end and, after `limit`, kills. False where it had to.
  bool end_within(std::chrono::milliseconds limit);

  /// Waits for the end. After `limit` kills it and throws Error{timeout} with what it wrote.
  Outcome wait(std::chrono::milliseconds limit = std::chrono::minutes(20));

 private:
  bool poll_end(std::chrono::milliseconds pause);
  void kill_and_reap() noexcept;

  std::string name_;
  pid_t spawned_ = -1;
  pid_t worker_ = -1;
  bool is_wrapper_ = false;
  bool ended_ = false;
  int status_ = 0;
  std::uint64_t peak_rss_kib_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point end_;
  Fd out_;
  Fd err_;
  Fd pidfd_;
};

/// Starts, waits, reports.
Outcome run(const Command& command, std::chrono::milliseconds limit = std::chrono::minutes(20));

/// The same; throws Error{unavailable} with all that it wrote where it did not end with 0. Returns
/// stdout.
std::string must_run(const std::vector<std::string>& argv);

}  // namespace firn::lab
