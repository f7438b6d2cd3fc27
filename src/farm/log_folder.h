// SPDX-License-Identifier: Apache-2.0
// Where the logs of a run go, and the thread that writes them: a disk that hangs stops neither the
// loop nor what else needs a disk.
#pragma once

#include "aio/pool.h"
#include "aio/scope.h"
#include "aio/task.h"
#include "base/units.h"
#include "farm/log_limits.h"

#include <string>
#include <utility>

namespace firn::farm {

/// Logs borrow it. To be closed before it dies, when nobody prints any more.
class LogFolder {
 public:
  /// `path` must exist.
  LogFolder(aio::Loop& loop, std::string path, const LogLimits& limits)
      : loop_(loop), path_(std::move(path)), limits_(limits), writer_(loop, 1), writing_(loop) {}

  const std::string& path() const { return path_; }

  const LogLimits& limits() const { return limits_; }

  aio::Pool& writer() { return writer_; }

  /// Who hands text to the writer. Nobody new once the folder is closed.
  aio::Scope& writing() { return writing_; }

  bool is_closed() const { return is_closed_; }

  /// Waits until everything is written; what a hanging disk does not take within `limit` is left
  /// behind.
  aio::Task<void> close(Duration limit);

 private:
  aio::Loop& loop_;
  std::string path_;
  LogLimits limits_;
  aio::Pool writer_;
  aio::Scope writing_;
  bool is_closed_ = false;
};

}  // namespace firn::farm
