// SPDX-License-Identifier: Apache-2.0
// How fast paths travel. firn moves them as inputs and outputs of a step, so its phases are
// compared with the whole of `nix copy`; firn's count includes the connection, as that of `nix
// copy` does.
#pragma once

#include "measurements.h"

namespace firn::bench {

/// A file of 1 GiB, random bytes, to a builder.
void measure_big_input(Bench& bench);

/// The same on the way back.
void measure_big_output(Bench& bench);

/// A folder of 20,000 small files to a builder, stores in memory.
void measure_small_files(Bench& bench);

/// 20,000 store paths of one small file each, and one that refers to all of them.
void measure_small_paths(Bench& bench);

}  // namespace firn::bench
