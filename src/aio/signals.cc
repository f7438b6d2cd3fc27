// SPDX-License-Identifier: Apache-2.0
#include "aio/signals.h"

#include "aio/context.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

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
  co_return co_await state_->set.async_wait(boost::asio::use_awaitable);
}

}  // namespace firn::aio
