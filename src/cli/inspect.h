// SPDX-License-Identifier: Apache-2.0
// `firn inspect`: one function for each kind of thing to look at, each in a file of its own.
#pragma once

#include "cli/exit_code.h"
#include "cli/inspect_options.h"

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace firn::cli {

/// Where a command prints.
struct Streams {
  std::ostream& out;
  std::ostream& err;
};

/// Each prints what it sees, and then throws Error with the place where something is wrong with it.
/// A code other than success says that what is wrong was told.
ExitCode inspect(const InspectDrv& options, Streams streams);
ExitCode inspect(const InspectNar& options, Streams streams);
ExitCode inspect(const InspectNarinfo& options, Streams streams);
ExitCode inspect(const InspectPath& options, Streams streams);
ExitCode inspect(const InspectMachines& options, Streams streams);
ExitCode inspect(const InspectMessage& options, Streams streams);
ExitCode inspect(const InspectCapture& options, Streams streams);
ExitCode inspect(const InspectMessageNames& options, Streams streams);

/// The whole command: errors are told on stderr and become exit codes.
ExitCode run_inspect(const InspectOptions& options);

/// All of a file, or of stdin for "-". Throws Error, also for one above 1 GiB.
std::string read_input(const std::string& file);

/// Calls `take` with a file's bytes, block by block; stops where it returns false.
void read_blocks(const std::string& file, const std::function<bool(std::string_view block)>& take);

/// Indented, with a newline at the end. What is not UTF-8 is replaced.
std::string pretty(const nlohmann::json& value);

/// Bytes that a terminal would obey or that break a line become \xNN.
std::string printable(std::string_view text);

}  // namespace firn::cli
