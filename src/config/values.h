// SPDX-License-Identifier: Apache-2.0
// Times and sizes as people write them: "90s", "5min", "2h"; "256KiB", "64MiB".
#pragma once

#include "base/units.h"

#include <optional>
#include <string>
#include <string_view>

namespace firn::config {

/// A number and a unit (ms, s, min, h, d), above 0 and at most a year.
std::optional<Duration> read_duration(std::string_view text);

/// A number and a unit (B, KiB, MiB, GiB), above 0 and at most 2^53 bytes.
std::optional<ByteCount> read_size(std::string_view text);

/// In the largest unit that leaves no rest: "90s", "5min".
std::string spell(Duration duration);
std::string spell(ByteCount size);

}  // namespace firn::config
