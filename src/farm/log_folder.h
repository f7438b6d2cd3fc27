// SPDX-License-Identifier: Apache-2.0
// Where the logs of a run go, and the thread that writes them: a disk that hangs stops neither the
// loop nor what else needs a disk.
#pragma once

#include "aio/pool.h"
#include "aio/scope.h"
#include "aio/task.h"
#include "base/units.h"
#include "farm/log_limits.h"
#include "farm/log_place.h"

#include <utility>

namespace firn::farm {

/// Logs borrow it. To be closed before it dies, when nobody prints any more.
class LogFolder {
 public:
  LogFolder(aio::Loop& loop, LogPlace place, const LogLimits& limits)
      : loop_(loop), place_(std::move(place)), limits_(limits), writer_(loop, 1), writing_(loop) {}

  const LogPlace& place() const { return place_; }

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
  LogPlace place_;
  LogLimits limits_;
  aio::Pool writer_;
  aio::Scope writing_;
  bool is_closed_ = false;
};

}  // namespace firn::farm
