// SPDX-License-Identifier: Apache-2.0
// The file of one attempt's log: its first and last bytes, and between them a line that says what
// was left out. Blocks as its disk does, so it is for a thread that may.
#pragma once

#include "base/fd.h"
#include "farm/log_limits.h"
#include "farm/log_place.h"
#include "nix/store_path.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::farm {

/// For one thread at a time.
class LogFile {
 public:
  /// The file appears with the first byte.
  LogFile(LogPlace place, nix::DrvPath drv, const LogLimits& limits);

  /// Never throws: a full disk costs the log and not the build. `failure` tells. What does not fit
  /// into the head waits in a file without a name, which holds its end and wraps around.
  void append(std::string_view text);

  /// Puts the tail behind the head. Where nothing was printed, no log stands for the attempt, nor
  /// an earlier one's in its place. What comes later (a builder's last words) goes behind it, up to
  /// 1 MiB.
  void finish();

  /// Empty while nothing was printed. By Hydra's naming, where the file stood when it was made: a
  /// later attempt moves it.
  const std::string& path() const { return path_; }

  /// Why the file does not hold everything that the limits allow; empty = it does.
  const std::string& failure() const { return failure_; }

 private:
  void open();
  void leave_none();
  void open_spill();
  void spill(std::string_view text);
  void write(std::string_view text);
  std::uint64_t torn_line(std::uint64_t begin) const;
  void copy_spilled(std::uint64_t begin, std::uint64_t end);
  void fail(const char* what);

  LogPlace place_;
  nix::DrvPath drv_;
  std::uint64_t room_;
  std::uint64_t tail_size_;
  /// One byte more: it tells whether the tail begins with a line.
  std::uint64_t ring_size_;
  std::string path_;
  std::string failure_;
  Fd fd_;
  Fd spill_;
  /// Bytes that did not fit into the head, whether they are still there or not.
  std::uint64_t spilled_ = 0;
  char last_ = '\n';
  bool is_finished_ = false;
};

}  // namespace firn::farm
