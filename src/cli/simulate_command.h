// SPDX-License-Identifier: Apache-2.0
// `firn simulate`: a queue in virtual time.
#pragma once

#include "cli/exit_code.h"
#include "cli/simulate_options.h"
#include "cli/simulate_report.h"

namespace firn::cli {

/// Reads or makes the queue, runs it in each order, and writes the drawings that are asked for.
/// Throws Error{invalid} where something of that is wrong.
SimulationReport simulate(const SimulateOptions& options);

/// The same, printed.
ExitCode run_simulate(const SimulateOptions& options);

}  // namespace firn::cli
