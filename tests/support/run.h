// SPDX-License-Identifier: Apache-2.0
// Runs coroutines of a test: on a loop, beside a clock, and up to the error that it expects.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "base/error.h"

#include <exception>
#include <optional>
#include <utility>

namespace firn::testing {

/// Runs `task` to its end; the kind of its error, if it had one.
inline std::optional<Kind> kind_of(aio::Loop& loop, aio::Task<void> task) {
  try {
    loop.run(std::move(task));
  } catch (const Error& e) {
    return e.kind();
  }
  return std::nullopt;
}

/// The error that `task` ends in; nothing where it ends well.
template <class T>
aio::Task<std::optional<Error>> error_of(aio::Task<T> task) {
  try {
    co_await std::move(task);
  } catch (const Error& e) {
    co_return e;
  }
  co_return std::nullopt;
}

/// For what takes any task, but no value.
template <class T>
aio::Task<void> without_value(aio::Task<T> task) {
  co_await std::move(task);
}

/// Lets everything go on until all that is in memory has come to rest.
inline aio::Task<void> settle() {
  for (int i = 0; i < 50; ++i)
    co_await aio::yield_now();
}

/// Manual time moves on by `step` whenever all has come to rest, threads too.
inline aio::Task<void> tick(aio::Loop* loop, Duration step) {
  while (true) {
    co_await settle();
    while (loop->pool_work() > 0)
      co_await aio::yield_now();
    loop->timers().advance(step);
  }
}

/// `task`, while time passes in steps of `step`.
inline aio::Task<void> while_time_passes(aio::Loop& loop, Duration step, aio::Task<void> task) {
  aio::Scope clock(loop);
  clock.spawn(tick, &loop, step);
  std::exception_ptr error;
  try {
    co_await std::move(task);
  } catch (...) {
    error = std::current_exception();
  }
  co_await clock.close();
  if (error) std::rethrow_exception(error);
}

}  // namespace firn::testing
