// SPDX-License-Identifier: Apache-2.0
// How full the farm was over time, by project, and how many steps waited for a slot.
#pragma once

#include "sim/queue.h"
#include "sim/simulation.h"

#include <span>
#include <string>

namespace firn::sim {

/// One of the runs that are compared.
struct PlottedRun {
  std::string title;
  const Outcome* outcome = nullptr;  ///< borrowed
};

/// An SVG file: a panel for each run, one below the other, all on the same time scale.
std::string draw_utilisation(const Queue& queue,
                             const Fleet& fleet,
                             std::span<const PlottedRun> runs);

}  // namespace firn::sim
