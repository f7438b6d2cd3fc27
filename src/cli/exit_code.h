// SPDX-License-Identifier: Apache-2.0
// What firn's exit codes mean, for every command. Scripts rely on them: a code never changes its
// meaning.
#pragma once

#include <cstdint>
#include <string>

namespace firn::cli {

enum class ExitCode : std::uint8_t {
  success = 0,         ///< everything that was asked for is there
  build_failed = 1,    ///< a builder said no
  usage = 2,           ///< wrong options or input: no such file, evaluation error, bad builders
  infrastructure = 3,  ///< steps aborted, no machine for a system, store not reachable, output lost
  interrupted = 130,   ///< Ctrl-C or SIGTERM
};

/// The command is over before it began: help was asked for (on stdout), or the usage was wrong (on
/// stderr).
struct Exit {
  ExitCode code = ExitCode::usage;
  /// Ends in a newline.
  std::string text;
};

}  // namespace firn::cli
