// SPDX-License-Identifier: Apache-2.0
// A list of texts as one parameter: `path in (…)` with a statement that is prepared once, whatever
// the length of the list.
#pragma once

#include "db/connection.h"

#include <span>
#include <string>
#include <string_view>

namespace firn::db {

/// A JSON array, for the parameter that `texts_in_parameter` reads.
std::string text_list(std::span<const std::string> texts);

/// The SQL for all texts of parameter $1, to stand behind `in`.
std::string_view texts_in_parameter(Engine engine);

}  // namespace firn::db
