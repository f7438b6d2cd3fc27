// SPDX-License-Identifier: Apache-2.0
// How long to wait before trying again: exponential, capped, with jitter from a seed that is passed
// in.
#pragma once

#include "base/units.h"

#include <cstdint>

namespace firn::sched {

/// A small repeatable random source. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  /// At least 0, below 1.
  double fraction();

 private:
  std::uint64_t state_;
};

/// first, first·factor, first·factor², … up to `limit`; from that, up to the share `jitter` is
/// taken off at random.
struct BackOff {
  Duration first{};
  std::uint32_t factor = 2;
  Duration limit{};
  /// 0.25 = up to a quarter less. At 0 the random source is not touched.
  double jitter = 0.0;

  /// `repeats` = how often it was waited before.
  Duration delay(std::uint32_t repeats, Random& random) const;
};

}  // namespace firn::sched
