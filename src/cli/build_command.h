// SPDX-License-Identifier: Apache-2.0
// `firn build`: evaluate, look what is missing, build it on the machines, link the results.
#pragma once

#include "cli/build_options.h"
#include "cli/exit_code.h"

namespace firn::cli {

/// Runs the whole command on a loop of its own. Errors are told on stderr and become exit codes;
/// only Bug is thrown.
ExitCode run_build(const BuildOptions& options);

}  // namespace firn::cli
