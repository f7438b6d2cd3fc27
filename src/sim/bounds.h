// SPDX-License-Identifier: Apache-2.0
// What no order can beat: the longest chain of steps, and all work over all that can do it.
#pragma once

#include "base/units.h"
#include "sim/queue.h"

#include <vector>

namespace firn::sim {

/// Of a queue on a fleet. Both hold for everything that arrives at the beginning.
struct Bounds {
  /// The longest chain, each step on the fastest machine that can take it.
  Duration chain{};
  /// Work over capacity: the largest over all sets of kinds that the same machines can take.
  Duration work{};

  Duration lower() const { return chain > work ? chain : work; }
};

/// The steps of the longest chain, first to last.
std::vector<StepIndex> longest_chain(const Queue& queue, const Fleet& fleet);

/// Which steps a project's builds need.
std::vector<bool> needed_by(const Queue& queue, std::uint32_t project);

/// Throws Error{invalid} where no machine can take a step that counts. `counts` says which do;
/// empty = all.
Bounds bounds(const Queue& queue, const Fleet& fleet, const std::vector<bool>& counts = {});

}  // namespace firn::sim
