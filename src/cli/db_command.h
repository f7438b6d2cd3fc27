// SPDX-License-Identifier: Apache-2.0
// `firn db`: the database of the queue.
#pragma once

#include "cli/exit_code.h"
#include "db/connection.h"

#include <ostream>
#include <string>
#include <variant>

namespace firn::cli {

struct DbInitOptions {
  /// Empty = as Hydra's environment says.
  std::string database;
};

/// `argv[0]` is the command's own name, "db"; `init` is all that it knows.
std::variant<DbInitOptions, Exit> parse_db(int argc, const char* const* argv);

/// Makes what is lacking, and says on `out` what that was. Throws Error.
void init_database(const DbInitOptions& options, std::ostream& out);

/// The whole command: errors are told on stderr and become exit codes.
ExitCode run_db_init(const DbInitOptions& options);

}  // namespace firn::cli
