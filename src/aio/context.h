// SPDX-License-Identifier: Apache-2.0
// Asio's side of the loop. Included by `.cc` files of this layer only: it costs seconds.
#pragma once

#include "aio/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace firn::aio {

struct Loop::Context {
  boost::asio::io_context io{1};
  boost::asio::steady_timer timer{io};
};

}  // namespace firn::aio
