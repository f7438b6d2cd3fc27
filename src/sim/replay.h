// SPDX-License-Identifier: Apache-2.0
// A recorded run once more: the same calls to a scheduler, whose decisions are compared with those
// that were recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace firn::sim {

/// Where a scheduler of today decides otherwise than the recording says.
struct Difference {
  /// From 1.
  std::uint64_t line = 0;
  /// The line as recorded, and as it would be today.
  std::string recorded;
  std::string today;
};

struct Replay {
  std::uint64_t calls = 0;
  /// Steps that were started.
  std::uint64_t started = 0;
  std::uint64_t steps = 0;
  /// The first; nothing was replayed after it.
  std::optional<Difference> difference;
};

/// `next` gives a line without its end, and nothing after the last. A last line that is cut off, as
/// a runner that was killed leaves it, ends the recording. Throws Error{invalid} naming the line
/// that is no call.
Replay replay(const std::function<std::optional<std::string>()>& next);

}  // namespace firn::sim
