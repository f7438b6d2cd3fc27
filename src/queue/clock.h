// SPDX-License-Identifier: Apache-2.0
// The calendar's time, as rows hold it.
#pragma once

#include "base/units.h"

namespace firn::queue {

inline WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace firn::queue
