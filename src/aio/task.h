// SPDX-License-Identifier: Apache-2.0
// The coroutine type of firn: lazy, awaited once, by its caller or by a Scope. The only header of
// ours that names Boost; it costs little because it holds no operation.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace firn::aio {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace firn::aio
