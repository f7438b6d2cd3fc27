// SPDX-License-Identifier: Apache-2.0
// The last word on a run: what was built where, how long it took, what was slow.
#pragma once

#include "view/run_model.h"
#include "view/style.h"

#include <string>

namespace firn::view {

/// Several lines; ends with a newline.
std::string summary(const RunModel& model, TimePoint now, const Style& style);

}  // namespace firn::view
