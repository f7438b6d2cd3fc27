// SPDX-License-Identifier: Apache-2.0
// What keeps the unfinished steps from running, counted. Self-contained: names are copied, nothing
// refers to the scheduler.
#pragma once

#include "base/units.h"
#include "sched/ids.h"
#include "sched/why.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace firn::sched {

/// Steps that ask for the same of a machine.
struct ClassCensus {
  /// As Hydra writes it: "x86_64-linux:big-parallel,kvm".
  std::string name;
  std::uint64_t ready = 0;
  std::uint64_t delayed = 0;
  std::uint64_t running = 0;
  /// Of those ready: all that could take them have been switched off.
  std::uint64_t disabled = 0;
  /// How long the ready ones have been so, added up.
  Duration waited{};
};

struct Census {
  /// By Reason.
  std::array<std::uint64_t, kReasonCount> reasons{};
  std::vector<ClassCensus> classes;
  /// Since when the step that waits longest for a machine does so, to the second.
  std::optional<TimePoint> longest_wait = std::nullopt;
};

/// A step that could be started now, and where.
struct Match {
  StepId step;
  MachineId machine;

  friend bool operator==(const Match&, const Match&) = default;
};

}  // namespace firn::sched
