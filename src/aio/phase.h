// SPDX-License-Identifier: Apache-2.0
// Nothing waits for ever: every wait of firn runs inside a phase that has a deadline or a watchdog
// over its progress.
//
// The operation runs with a cancellation of its own. When the limit strikes it is cancelled,
// awaited, and the phase ends in Error{timeout}; a cancellation from outside reaches it too.
// Operations themselves know nothing of time.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "base/error.h"
#include "base/units.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace firn::aio {

/// What a watchdog looks at: anything that moves counts up. Kept by whoever moves bytes.
struct Progress {
  std::uint64_t moved = 0;
  /// So much longer than the watchdog's own limit may it be silent for now: the peer has all that
  /// it needs, and is busy with it.
  Duration patience{};
};

/// A reason to end an operation that somebody beside it may come to have: it prints too much, or
/// nobody wants its result any more. Must outlive the operation that it guards; guards one at a
/// time.
class Veto {
 public:
  Veto() = default;
  Veto(const Veto&) = delete;
  Veto& operator=(const Veto&) = delete;

  /// Ends what `unless` awaits, or will. The first reason counts.
  void cast(Error reason) {
    if (reason_) return;
    reason_ = std::move(reason);
    if (strike_) strike_();
  }

  const std::optional<Error>& reason() const { return reason_; }

  /// What a cast does while an operation runs; for `unless`.
  void arm(std::function<void()> strike) { strike_ = std::move(strike); }

 private:
  std::optional<Error> reason_;
  std::function<void()> strike_;
};

namespace detail {

Task<void> within(Loop& loop, std::string phase, Duration limit, Task<void> op);
Task<void> with_progress(
    Loop& loop, std::string phase, Duration stall, const Progress& progress, Task<void> op);
Task<void> unless(Veto& veto, Task<void> op);
Task<void> shielded(Loop& loop, std::string phase, Duration limit, Task<void> op);

template <class T>
Task<void> store_into(std::optional<T>& result, Task<T> op) {
  result.emplace(co_await std::move(op));
}

}  // namespace detail

/// Awaits `op`, at most for `limit`: then Error{timeout} "PHASE took longer than LIMIT".
template <class T>
Task<T> within(Loop& loop, std::string_view phase, Duration limit, Task<T> op) {
  if constexpr (std::is_void_v<T>) {
    co_await detail::within(loop, std::string(phase), limit, std::move(op));
  } else {
    std::optional<T> result;
    co_await detail::within(
        loop, std::string(phase), limit, detail::store_into(result, std::move(op)));
    FIRN_CHECK(result.has_value());
    co_return std::move(*result);
  }
}

/// Awaits `op` as long as `progress` moves at least once every `stall`, or its patience where that
/// is more.
template <class T>
Task<T> with_progress(
    Loop& loop, std::string_view phase, Duration stall, const Progress& progress, Task<T> op) {
  if constexpr (std::is_void_v<T>) {
    co_await detail::with_progress(loop, std::string(phase), stall, progress, std::move(op));
  } else {
    std::optional<T> result;
    co_await detail::with_progress(
        loop, std::string(phase), stall, progress, detail::store_into(result, std::move(op)));
    FIRN_CHECK(result.has_value());
    co_return std::move(*result);
  }
}

/// Awaits `op` unless `veto` is cast: then `op` is cancelled and awaited, and the veto's reason is
/// thrown. Sets no limit of its own.
template <class T>
Task<T> unless(Veto& veto, Task<T> op) {
  if constexpr (std::is_void_v<T>) {
    co_await detail::unless(veto, std::move(op));
  } else {
    std::optional<T> result;
    co_await detail::unless(veto, detail::store_into(result, std::move(op)));
    FIRN_CHECK(result.has_value());
    co_return std::move(*result);
  }
}

/// For clean-up: a cancellation from outside does not reach `op`, even where it came before; only
/// the limit does.
inline Task<void> shielded(Loop& loop, std::string_view phase, Duration limit, Task<void> op) {
  return detail::shielded(loop, std::string(phase), limit, std::move(op));
}

}  // namespace firn::aio
