// SPDX-License-Identifier: Apache-2.0
// What a person needs after a run that failed: the steps at the root of it, what they said last,
// and where the rest of it stands.
#pragma once

#include "view/run_model.h"
#include "view/style.h"

#include <string>

namespace firn::view {

/// Steps that failed themselves, builds' own failures first; ends with a newline. Empty where
/// nothing failed. The steps that fell with each are counted, not listed.
std::string failure_report(const RunModel& model, const Style& style);

}  // namespace firn::view
