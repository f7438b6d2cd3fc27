// SPDX-License-Identifier: Apache-2.0
// The picture of a run at one moment, as lines: what runs, by machine, and below it how far it has
// come. Pure: the caller knows the time and the size.
#pragma once

#include "view/run_model.h"
#include "view/screen.h"
#include "view/style.h"
#include "view/text.h"

#include <vector>

namespace firn::view {

/// Never more lines than `size` has rows, nor wider than it has columns but one. The rows of a
/// machine keep their places: a step's row stays where it is while it runs.
std::vector<Line> draw_frame(const RunModel& model,
                             TimePoint now,
                             const ScreenSize& size,
                             const Style& style);

/// The line that stays when a step has been built, in the same columns.
Line built_line(const RunModel& model,
                const EndedAttempt& ended,
                const ScreenSize& size,
                const Style& style);

}  // namespace firn::view
