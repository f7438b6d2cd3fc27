// SPDX-License-Identifier: Apache-2.0
#include "sched/back_off.h"

#include <algorithm>

namespace firn::sched {

// SplitMix64: passes through all 2^64 states, so no seed is a bad one.
std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

double Random::fraction() {
  return static_cast<double>(next() >> 11U) * 0x1p-53;
}

Duration BackOff::delay(std::uint32_t repeats, Random& random) const {
  Duration wait = std::min(first, limit);
  for (std::uint32_t i = 0; i < repeats && wait < limit; ++i) {
    wait = wait > limit / std::max(factor, 1U) ? limit : wait * factor;
  }
  if (jitter <= 0.0) return wait;
  const double kept = 1.0 - std::min(jitter, 1.0) * random.fraction();
  return Duration(static_cast<Duration::rep>(static_cast<double>(wait.count()) * kept));
}

}  // namespace firn::sched
