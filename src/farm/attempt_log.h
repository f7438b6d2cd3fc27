// SPDX-License-Identifier: Apache-2.0
// What one attempt's build printed: a file of its own, never overwritten, and the last lines of it
// for messages.
#pragma once

#include "aio/phase.h"
#include "base/fd.h"
#include "base/units.h"
#include "nix/store_path.h"

#include <string>
#include <string_view>
#include <vector>

namespace firn::farm {

/// Made when an attempt starts to build; the file appears with the first byte. Written on the loop:
/// page cache takes a log faster than ssh brings it.
class AttemptLog {
 public:
  /// `folder` must exist. The file is "<derivation>.<n>.log" with the first free number.
  AttemptLog(std::string folder, const nix::DrvPath& drv);

  /// Never throws: a full disk costs the log and not the build. `failure` tells.
  void append(std::string_view text);

  /// Empty while nothing was printed.
  const std::string& file() const { return file_; }

  /// The last lines, at most `most`; a torn first one is left out.
  std::vector<std::string> tail(std::size_t most) const;

  ByteCount size() const { return size_; }

  /// Why the file does not hold everything; empty = it does.
  const std::string& failure() const { return failure_; }

  /// Counts the bytes, for a watchdog over silence.
  const aio::Progress& progress() const { return progress_; }

 private:
  void open();
  void write(std::string_view text);

  std::string folder_;
  std::string stem_;
  std::string file_;
  std::string failure_;
  Fd fd_;
  ByteCount size_;
  std::string tail_;
  aio::Progress progress_;
};

}  // namespace firn::farm
