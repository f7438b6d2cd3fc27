// SPDX-License-Identifier: Apache-2.0
// A queue on a fleet in virtual time, decided by the very scheduler that runs the farm.
#pragma once

#include "base/units.h"
#include "sched/spec.h"
#include "sim/queue.h"

#include <cstdint>
#include <vector>

namespace firn::sim {

/// What became of a step. Times are after the beginning.
struct Execution {
  /// Its place in `Fleet::machines`.
  std::uint32_t machine = 0;
  /// When all that it needs was there, and somebody wanted it.
  Duration ready{};
  /// When it got its slot.
  Duration began{};
  /// When its outputs were ours.
  Duration ended{};
  bool was_run = false;
};

struct Outcome {
  /// By `Queue::steps`. Steps that nobody wants are not run.
  std::vector<Execution> steps;
  Duration makespan{};
  /// Outputs of direct dependencies that a machine did not have yet; machines keep what they got
  /// or made.
  ByteCount sent{};
  /// Outputs that came back.
  ByteCount received{};
  std::uint64_t dispatches = 0;
};

/// Throws as `check` does, and Error{invalid} where no machine takes a step that is wanted.
Outcome simulate(const Queue& queue, const Fleet& fleet, const sched::Options& policy);

}  // namespace firn::sim
