// SPDX-License-Identifier: Apache-2.0
// Who ran what when: a band for each machine, a line for each of its slots, a bar for each step.
#pragma once

#include "sim/queue.h"
#include "sim/simulation.h"

#include <string>
#include <string_view>

namespace firn::sim {

/// An SVG file. Steps too short to be seen are drawn together; the longest chain is marked, and
/// the lower bound. Hundreds of slots still fit a screen.
std::string draw_gantt(const Queue& queue,
                       const Fleet& fleet,
                       const Outcome& outcome,
                       std::string_view title);

}  // namespace firn::sim
