// SPDX-License-Identifier: Apache-2.0
// Bytes from outside, made fit for a message: one line, printable, not too long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::wire {

/// In single quotes; whatever is not printable ASCII escaped; cut after `limit` bytes of `text`.
std::string in_quotes(std::string_view text, std::size_t limit = 120);

}  // namespace firn::wire
