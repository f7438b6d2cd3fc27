// SPDX-License-Identifier: Apache-2.0
// From what became of a try to what Hydra's tables say of it (1.7 of its behaviour).
#pragma once

#include "db/status.h"
#include "sched/failure.h"
#include "sched/phase.h"

namespace firn::queue {

/// What a step's row says of a try that ended so. `is_last` = it ended the step.
db::Status step_status(sched::FailureClass failure, bool is_last);

/// What a build's row says when a step of this status ended it; `is_top` = the step is the build's
/// own derivation (QR-113).
db::Status build_status(db::Status step, bool is_top);

/// QR-107
db::StepState step_state(sched::Phase phase);

}  // namespace firn::queue
