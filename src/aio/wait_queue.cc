// SPDX-License-Identifier: Apache-2.0
#include "aio/wait_queue.h"

#include "aio/cancellation.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace firn::aio {

namespace asio = boost::asio;

// A timer that never expires is Asio's cheapest thing that can be both awaited with cancellation
// and woken.
struct WaitQueue::Waiter {
  Waiter(WaitQueue& q, const asio::any_io_executor& executor)
      : queue(q),
        timer(executor, asio::steady_timer::time_point::max()),
        place(q.waiters_.insert(q.waiters_.end(), this)) {}

  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  ~Waiter() {
    if (!notified) queue.waiters_.erase(place);
  }

  WaitQueue& queue;
  asio::steady_timer timer;
  std::list<Waiter*>::iterator place;
  bool notified = false;
};

Task<void> WaitQueue::wait() {
  throw_if_cancelled(co_await cancellation());
  Waiter self(*this, co_await asio::this_coro::executor);
  boost::system::error_code ignored;
  co_await self.timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const auto state = co_await cancellation();
  if (self.notified && state.cancelled() != asio::cancellation_type::none) notify_one();
  throw_if_cancelled(state);
}

Task<void> WaitQueue::wait_uncancelled() {
  Waiter self(*this, co_await asio::this_coro::executor);
  boost::system::error_code ignored;
  co_await self.timer.async_wait(asio::bind_cancellation_slot(
      asio::cancellation_slot(), asio::redirect_error(asio::use_awaitable, ignored)));
}

void WaitQueue::notify_one() {
  if (waiters_.empty()) return;
  Waiter& waiter = *waiters_.front();
  waiters_.pop_front();
  waiter.notified = true;
  waiter.timer.cancel();
}

void WaitQueue::notify_all() {
  while (!waiters_.empty())
    notify_one();
}

}  // namespace firn::aio
