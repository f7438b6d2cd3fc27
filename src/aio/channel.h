// SPDX-License-Identifier: Apache-2.0
// A bounded queue between two coroutines: the writer waits while it is full, the reader while it is
// empty.
#pragma once

#include "aio/task.h"
#include "aio/wait_queue.h"
#include "base/error.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace firn::aio {

/// For one loop thread. Must outlive both sides.
template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) {}

  /// Waits for room. Throws Error{cancelled} once the reader has gone away.
  Task<void> push(T value) {
    while (items_.size() >= capacity_ && !closed_)
      co_await room_.wait();
    if (closed_) throw Error(Kind::cancelled, "the reader has gone away");
    items_.push_back(std::move(value));
    filled_.notify_one();
  }

  /// The next item; none after `close` once the queue is empty.
  Task<std::optional<T>> pop() {
    while (items_.empty() && !closed_)
      co_await filled_.wait();
    if (items_.empty()) co_return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    room_.notify_one();
    co_return item;
  }

  /// No more items: called by the writer at its end, or by the reader when it gives up.
  void close() {
    closed_ = true;
    room_.notify_all();
    filled_.notify_all();
  }

 private:
  std::size_t capacity_;
  std::deque<T> items_;
  bool closed_ = false;
  WaitQueue room_;
  WaitQueue filled_;
};

}  // namespace firn::aio
