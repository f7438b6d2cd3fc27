// SPDX-License-Identifier: Apache-2.0
// A pipe that is read all the while, whether anybody listens or not: a child that writes to a full
// stderr would stop, and with it everything that waits for the child.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "base/fd.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace firn::aio {

/// Calls its listener with every piece as it arrives, on the loop. Without a listener the last
/// kTail bytes are kept.
class DrainedPipe {
 public:
  using Listener = std::function<void(std::string_view)>;

  /// As much as an error message needs of a program's last words.
  static constexpr std::size_t kTail = 16384;

  DrainedPipe(Loop& loop, Fd fd);
  ~DrainedPipe();
  DrainedPipe(const DrainedPipe&) = delete;
  DrainedPipe& operator=(const DrainedPipe&) = delete;

  /// From now on; an empty one returns to keeping the tail. The listener must not throw.
  void listen(Listener listener);

  /// What came since somebody listened last, at most the last kTail bytes.
  const std::string& tail() const;

  /// Waits until the other side has closed it and everything has been read.
  Task<void> ended();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace firn::aio
