// SPDX-License-Identifier: Apache-2.0
// The next number where names are numbered and many are taken.
#pragma once

#include "base/error.h"

#include <cstdint>

namespace firn::farm {

inline constexpr std::uint32_t kGreatestNumber = std::uint32_t{1} << 30U;

/// A number from 1 that is free while the one before it is taken: where the taken ones have no
/// gaps, the first free one. Asks of twice as many numbers as the answer has binary digits. Throws
/// Error{resource} where kGreatestNumber is reached.
template <class IsTaken>
std::uint32_t find_free_number(IsTaken is_taken) {
  std::uint32_t taken = 0;
  std::uint32_t free = 1;
  while (is_taken(free)) {
    if (free >= kGreatestNumber) throw Error(Kind::resource, "no number is free");
    taken = free;
    free *= 2;
  }
  while (free - taken > 1) {
    const std::uint32_t middle = taken + (free - taken) / 2;
    (is_taken(middle) ? taken : free) = middle;
  }
  return free;
}

}  // namespace firn::farm
