// SPDX-License-Identifier: Apache-2.0
// Where coroutines wait for one another: the primitive under channels, semaphores, scopes and
// pools.
#pragma once

#include "aio/task.h"

#include <cstddef>
#include <list>

namespace firn::aio {

/// Coroutines waiting in order of arrival, all on the loop thread. Must outlive its waiters.
class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  /// Suspends until notified. Throws when cancelled; a notification that arrived at the same time
  /// is handed to the next waiter.
  Task<void> wait();

  /// As `wait`, but a cancellation does not end it: for those who must see the end of something.
  Task<void> wait_uncancelled();

  void notify_one();
  void notify_all();

  bool empty() const { return waiters_.empty(); }

 private:
  struct Waiter;

  std::list<Waiter*> waiters_;
};

}  // namespace firn::aio
