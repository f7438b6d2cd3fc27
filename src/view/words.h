// SPDX-License-Identifier: Apache-2.0
// Sizes, times and numbers of things as people read them.
#pragma once

#include "base/units.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::view {

/// "0 B", "1.2 kB", "30 MB": powers of 1000.
std::string in_words(ByteCount bytes);

/// "35 ms", "1.2 s", "42 s", "3 min 12 s", "1 h 02 min".
std::string in_words(Duration time);

/// For times that go on: "0:07", "3:12", "1:02:33".
std::string on_a_clock(Duration time);

/// "1 step", "3 steps".
std::string counted(std::size_t number, std::string_view noun);

/// For the place where so many lines of ours are missing because their reader did not read.
std::string lines_left_out(std::size_t number);

}  // namespace firn::view
