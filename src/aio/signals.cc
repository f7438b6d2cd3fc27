// SPDX-License-Identifier: Apache-2.0
#include "aio/signals.h"

#include "aio/cancellation.h"
#include "aio/context.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>

namespace firn::aio {

struct Signals::State {
  explicit State(Loop& loop) : set(loop.context().io) {}

  boost::asio::signal_set set;
};

Signals::Signals(Loop& loop, std::initializer_list<int> signals)
    : state_(std::make_unique<State>(loop)) {
  for (const int signal : signals)
    state_->set.add(signal);
}

Signals::~Signals() = default;

Task<int> Signals::next() {
  throw_if_cancelled(co_await cancellation());
  boost::system::error_code ignored;
  const int signal = co_await state_->set.async_wait(
      boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  throw_if_cancelled(co_await cancellation());
  co_return signal;
}

}  // namespace firn::aio
