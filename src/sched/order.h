// SPDX-License-Identifier: Apache-2.0
// In which order steps of the same priority and share are started.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace firn::sched {

/// What decides after priority and share, the first difference first. Then, in all of them, the age
/// of the claim, and the step that was added first.
enum class Order : std::uint8_t {
  /// Local priority; the longest chain of unfinished steps, by expected duration, that the step is
  /// the first of; the fewest machines that can take it.
  critical_path,
  /// As Hydra's C++ queue runner: local priority, the most required features, the most steps that
  /// depend on it directly.
  hydra,
  /// As Hydra's queue runner in Rust: the most steps that depend on it directly, local priority.
  rdeps,
};

/// As users write it, such as "critical-path".
std::string_view to_string(Order order);
std::optional<Order> parse_order(std::string_view name);

}  // namespace firn::sched
