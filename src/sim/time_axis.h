// SPDX-License-Identifier: Apache-2.0
// Time from left to right, with ticks at round times, and the colours of projects: what the
// drawings of a run have in common.
#pragma once

#include "base/units.h"
#include "sim/queue.h"
#include "sim/svg.h"

#include <cstdint>
#include <string>
#include <vector>

namespace firn::sim {

/// "40 s", "12 min", "3 h 05 min".
std::string in_words(Duration time);

/// Maps 0 … `end` to `left` … `left + width`.
struct TimeAxis {
  double left = 0;
  double width = 0;
  Duration end{};

  double at(Duration time) const;
  /// Lines over a height of the drawing, from `top`, and times below it.
  void draw(Svg& svg, double top, double height) const;
};

/// By step: whose it is; the number of projects where it is more than one's.
std::vector<std::uint32_t> owners(const Queue& queue);

std::string_view owner_colour(const Queue& queue, std::uint32_t owner);

/// Coloured squares with the projects' names, in lines of `width`. Returns the height used.
double draw_legend(Svg& svg, const Queue& queue, const Box& place);

}  // namespace firn::sim
