// SPDX-License-Identifier: Apache-2.0
// What a running scheduler is told and decides, as a file for `firn simulate --replay`.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "base/fd.h"
#include "cli/output.h"
#include "sched/journal.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace firn::cli {

/// Written by a thread of its own. Where the disk is full or does not keep up, or the file has
/// grown to 4 GiB, the recording ends early, with a whole line, and the farm goes on.
class ScheduleRecording {
 public:
  /// Throws where the file cannot be written. `tell` hears, once, why the recording has ended.
  ScheduleRecording(aio::Loop& loop,
                    const std::string& file,
                    std::function<void(const std::string&)> tell);

  sched::Journal& journal() { return journal_; }

  /// Waits until all is written. Throws nothing, and must not be cancelled.
  aio::Task<void> close();

 private:
  void write(std::string_view line);
  void end(const std::string& why);

  std::string file_;
  std::function<void(const std::string&)> tell_;
  Fd fd_;
  Output output_;
  sched::Journal journal_;
  std::uint64_t written_ = 0;
  bool has_ended_ = false;
};

}  // namespace firn::cli
