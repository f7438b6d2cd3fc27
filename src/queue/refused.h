// SPDX-License-Identifier: Apache-2.0
// What is written where the database refuses a change for what it holds: less, and why.
#pragma once

#include "queue/changes.h"

#include <string>
#include <string_view>
#include <vector>

namespace firn::queue {

/// Such as "the end of a step".
std::string_view name_of(const Change& change);

/// A step without texts and paths but for the reason; of builds that end together each one alone,
/// and of one build that it was aborted, without what it had to show. Empty where nothing is left
/// to be said.
std::vector<Change> instead_of(Change change, const std::string& reason);

}  // namespace firn::queue
