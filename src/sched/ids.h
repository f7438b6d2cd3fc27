// SPDX-License-Identifier: Apache-2.0
// The scheduler's names for things: integers, given out in order, never used twice.
#pragma once

#include "base/id.h"

#include <cstdint>

namespace firn::sched {

/// A step: the number of its record, and in the upper half how many steps had that record before.
/// Where no step is forgotten, they count from 0.
using StepId = Id<struct StepTag, std::uint64_t>;

inline constexpr StepId kNoStep{0xffffffffffffffffU};

using MachineId = Id<struct MachineTag, std::uint32_t>;

/// One try of one step on one machine. Unique for ever, so that a late report is told from a
/// current one.
using AttemptId = Id<struct AttemptTag, std::uint64_t>;

}  // namespace firn::sched
