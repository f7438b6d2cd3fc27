// SPDX-License-Identifier: Apache-2.0
// `firn queue-runner`: the queue of a Hydra, or of firn's own, built by a farm.
#pragma once

#include "cli/exit_code.h"
#include "cli/queue_runner_options.h"

namespace firn::cli {

/// The whole command: errors are told on stderr and become exit codes.
ExitCode run_queue_runner(const QueueRunnerOptions& options);

}  // namespace firn::cli
