// SPDX-License-Identifier: Apache-2.0
// How a cancellation arrives. Coroutines of firn never throw merely because they await: the
// operations at the bottom (waiting for a descriptor, a notification, a timer) look here before and
// after they suspend. So clean-up code may await after a cancellation, and every error is ours. For
// `.cc` files of this layer only.
#pragma once

#include "aio/task.h"
#include "base/error.h"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace firn::aio {

/// Asio's view of the calling coroutine; `throw_if_cancelled(co_await cancellation())`.
inline auto cancellation() {
  return boost::asio::this_coro::cancellation_state;
}

inline void throw_if_cancelled(const boost::asio::cancellation_state& state) {
  if (state.cancelled() != boost::asio::cancellation_type::none)
    throw Error(Kind::cancelled, "cancelled");
}

/// The outermost frame of everything that is spawned: Asio's own throwing is switched off below it.
inline Task<void> without_throwing(Task<void> op) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await std::move(op);
}

}  // namespace firn::aio
