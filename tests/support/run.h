// SPDX-License-Identifier: Apache-2.0
// Runs a coroutine of a test on a loop and hands its error kind out.
#pragma once

#include "aio/loop.h"
#include "base/error.h"

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

}  // namespace firn::testing
