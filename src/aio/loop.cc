// SPDX-License-Identifier: Apache-2.0
#include "aio/loop.h"

#include "aio/cancellation.h"
#include "aio/context.h"
#include "aio/errors.h"
#include "aio/pool.h"
#include "aio/wait_queue.h"

#include <algorithm>
#include <csignal>
#include <sys/wait.h>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace firn::aio {

namespace asio = boost::asio;

Loop::Loop(Time time) : context_(std::make_unique<Context>()) {
  // A peer that has gone is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  timers_ = time == Time::real ? std::make_unique<Timers>([this](TimePoint when) { arm(when); })
                               : std::make_unique<Timers>(TimePoint(std::chrono::hours(1)));
  cpu_ = std::make_unique<Pool>(*this, std::max(1U, std::thread::hardware_concurrency()));
  blocking_ = std::make_unique<Pool>(*this, 4);
}

Loop::~Loop() = default;

void Loop::run(Task<void> main) {
  std::exception_ptr error;
  bool ended = false;
  asio::co_spawn(context_->io, without_throwing(std::move(main)), [&](std::exception_ptr e) {
    error = std::move(e);
    ended = true;
  });
  context_->io.restart();
  while (!ended && context_->io.run_one() > 0) {
  }
  context_->io.poll();
  FIRN_CHECK(ended);
  if (error) throw to_error(error);
}

void Loop::arm(TimePoint when) {
  context_->timer.expires_at(when);
  context_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) timers_->fire_due();
  });
}

void Loop::adopt_child(Fd pidfd) {
  auto child = std::make_shared<asio::posix::stream_descriptor>(context_->io, pidfd.release());
  child->async_wait(
      asio::posix::descriptor_base::wait_read, [child](const boost::system::error_code&) {
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(child->native_handle()), &info, WEXITED | WNOHANG);
      });
}

Task<void> sleep_for(Loop& loop, Duration duration) {
  WaitQueue queue;
  const auto entry = loop.timers().after(duration, [&queue] { queue.notify_all(); });
  co_await queue.wait();
}

Task<void> yield_now() {
  throw_if_cancelled(co_await cancellation());
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

}  // namespace firn::aio
