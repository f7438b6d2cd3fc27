// SPDX-License-Identifier: Apache-2.0
// What a step costs that does nothing: `echo > $out`.
#pragma once

#include "measurements.h"

namespace firn::bench {

/// Many that need nothing of each other: what the farm can start, finish and register in a second.
void measure_independent_steps(Bench& bench, Place place);

/// Each needs the one before: how long one takes from the end of its input to its own.
void measure_chain(Bench& bench, Place place);

}  // namespace firn::bench
