// SPDX-License-Identifier: Apache-2.0
// What one attempt's build prints: taken as fast as it comes, written to a file of its own, and its
// last lines kept for messages.
#pragma once

#include "aio/phase.h"
#include "aio/wait_queue.h"
#include "base/units.h"
#include "farm/log_file.h"
#include "farm/log_folder.h"
#include "nix/store_path.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace firn::farm {

/// Made when an attempt starts to build, by `start`; the file appears with the first byte and never
/// overwrites another (log_place.h).
class AttemptLog : public std::enable_shared_from_this<AttemptLog> {
 public:
  static std::shared_ptr<AttemptLog> start(LogFolder& folder, const nix::DrvPath& drv);

  /// Neither waits nor throws. Where the disk is so slow that 8 MiB wait for it, what comes
  /// meanwhile is left out, and a line in the file says so.
  void append(std::string_view text);

  /// Waits until the file is whole: the tail of a log that was cut stands behind its head. What is
  /// appended later is still written.
  aio::Task<void> settle();

  /// Empty while nothing is written.
  const std::string& file() const { return path_; }

  /// The last lines, at most `most`; a torn first one is left out.
  std::vector<std::string> tail(std::size_t most) const;

  ByteCount size() const { return size_; }

  /// Why the file does not hold everything that the limits allow; empty = it does.
  const std::string& failure() const { return failure_; }

  /// Counts the bytes, for a watchdog over silence.
  const aio::Progress& progress() const { return progress_; }

  /// Cast once more has come than the ceiling allows.
  aio::Veto& too_big() { return too_big_; }

 private:
  AttemptLog(LogFolder& folder, const nix::DrvPath& drv);

  void take(std::string_view text);
  void wake_writer();
  static aio::Task<void> write_out(std::shared_ptr<AttemptLog> log);

  LogFolder& folder_;
  /// Touched by nobody but the folder's writer.
  std::shared_ptr<LogFile> to_file_;
  std::string path_;
  std::string failure_;
  std::string pending_;
  std::uint64_t left_out_ = 0;
  bool is_writing_ = false;
  bool wants_finish_ = false;
  aio::WaitQueue written_;
  ByteCount size_;
  std::string tail_;
  aio::Progress progress_;
  aio::Veto too_big_;
};

}  // namespace firn::farm
