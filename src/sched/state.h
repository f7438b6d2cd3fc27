// SPDX-License-Identifier: Apache-2.0
// Where a step stands with the scheduler, and how many steps stand where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace firn::sched {

/// The last five are for good.
enum class StepState : std::uint8_t {
  waiting,  ///< for dependencies
  ready,    ///< for a machine
  delayed,  ///< for its back-off to end
  running,
  succeeded,
  failed,             ///< the build's own fault
  aborted,            ///< ours or a machine's: tries used up, or no machine left
  dependency_failed,  ///< a dependency failed or was aborted
  cancelled,
};

/// As users and JSON see it, such as "dependency failed".
std::string_view to_string(StepState state);
bool is_final(StepState state);

/// Steps by state.
struct Counts {
  std::uint32_t waiting = 0;
  std::uint32_t runnable = 0;
  std::uint32_t delayed = 0;
  std::uint32_t running = 0;
  std::uint32_t succeeded = 0;
  std::uint32_t failed = 0;
  std::uint32_t aborted = 0;
  std::uint32_t dependency_failed = 0;
  std::uint32_t cancelled = 0;

  /// The number of steps in `state`.
  std::uint32_t& of(StepState state);

  std::uint32_t unfinished() const { return waiting + runnable + delayed + running; }

  friend bool operator==(const Counts&, const Counts&) = default;
};

}  // namespace firn::sched
