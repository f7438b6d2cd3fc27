// SPDX-License-Identifier: Apache-2.0
// What `firn doctor` found, for people and for programs.
#pragma once

#include "farm/doctor.h"
#include "view/style.h"

#include <string>
#include <vector>

namespace firn::view {

/// A paragraph for each machine, a line for each check, advice below it. Ends in a newline.
std::string doctor_report(const std::vector<farm::Diagnosis>& diagnoses, const Style& style);

/// {"machines": [{"machine", "can_build", "ms", "checks": [{"name", "grade", "found", "advice",
/// "ms"}]}]}; advice is null where there is none. Ends in a newline.
std::string doctor_json(const std::vector<farm::Diagnosis>& diagnoses);

}  // namespace firn::view
