// SPDX-License-Identifier: Apache-2.0
// Boundaries meet exceptions of Asio's too: a coroutine that was cancelled ends in one. Here they
// all become our Error.
#pragma once

#include "base/error.h"

#include <exception>

namespace firn::aio {

/// What `error` is as an Error: itself, Kind::cancelled for an aborted operation, Kind::internal
/// for anything unforeseen.
Error to_error(const std::exception_ptr& error);

}  // namespace firn::aio
