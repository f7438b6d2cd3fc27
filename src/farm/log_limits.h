// SPDX-License-Identifier: Apache-2.0
// How much of a build's log is kept, and how much a build may print at all.
#pragma once

#include "base/units.h"

#include <cstdint>

namespace firn::farm {

struct LogLimits {
  /// The first bytes of a log, kept whole.
  ByteCount head = ByteCount(std::uint64_t{32} << 20U);
  /// The last bytes of it. What lies between is left out, and one line there says how much.
  ByteCount tail = ByteCount(std::uint64_t{32} << 20U);
  /// A build that prints more is stopped and has failed. The builder is told, and we count too: a
  /// daemon behind `nix-store --serve` never hears of it.
  ByteCount ceiling = ByteCount(std::uint64_t{4} << 30U);
};

}  // namespace firn::farm
