// SPDX-License-Identifier: Apache-2.0
// How `firn queue` calls what the tables hold as numbers, for people and in JSON.
#pragma once

#include "base/units.h"
#include "db/status.h"

#include <ostream>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace firn::cli {

/// "success", "timed_out"; "unknown" for a number that no Hydra writes.
std::string_view word_for(db::Status status);

/// "building", "sending_inputs"; "unknown" likewise.
std::string_view word_for(db::StepState state);

/// A word of above for people: spaces between its parts.
std::string spoken(std::string_view word);

/// "2026-11-27T10:00:00Z".
std::string utc(WallTime time);

/// The time from one moment to another, roughly: "45s", "12min", "3h", "5d".
std::string roughly(WallTime from, WallTime to);

/// One line. What is no UTF-8 becomes U+FFFD.
void write_line(std::ostream& out, const nlohmann::json& object);

}  // namespace firn::cli
