// SPDX-License-Identifier: Apache-2.0
// The foot of the live view: a bar, and the counts, rates and time below it.
#pragma once

#include "view/columns.h"
#include "view/run_model.h"
#include "view/style.h"
#include "view/text.h"

#include <vector>

namespace firn::view {

/// Two lines. What matters least is left out first where the width does not suffice.
std::vector<Line> status_lines(const RunModel& model,
                               TimePoint now,
                               const Columns& columns,
                               const Style& style);

}  // namespace firn::view
