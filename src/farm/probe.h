// SPDX-License-Identifier: Apache-2.0
// Whether a machine that has been out is back, asked with no step at stake. A machine that refuses
// or hangs costs nobody a try, and one that has been switched off is not given work every few
// minutes.
#pragma once

#include "aio/loop.h"
#include "farm/build_machine.h"
#include "farm/limits.h"

namespace firn::farm {

/// Takes a session, with all its handshakes, and asks whether a path that nobody has is valid
/// there. The session is kept for the next step. Throws Error where the machine does not answer
/// within the limits of a step's first two phases. This machine is asked as any other: a session
/// with it is a process of its own, which can fail as well.
aio::Task<void> probe(aio::Loop& loop, BuildMachine& machine, const Limits& limits);

}  // namespace firn::farm
