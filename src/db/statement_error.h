// SPDX-License-Identifier: Apache-2.0
// What both engines add to a failure: which statement it was.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace firn::db {

/// `error`, with the beginning of the statement as its context.
template <class E>
E while_running(std::string_view sql, E error) {
  constexpr std::size_t kShown = 120;
  error.add_context(fmt::format("running \"{}\"", sql.substr(0, kShown)));
  return error;
}

}  // namespace firn::db
