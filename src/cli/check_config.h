// SPDX-License-Identifier: Apache-2.0
// `firn check-config`: what is wrong with a configuration file, and what one could say.
#pragma once

#include "cli/exit_code.h"
#include "config/file.h"

#include <filesystem>
#include <optional>
#include <ostream>
#include <string_view>
#include <variant>

namespace firn::cli {

struct CheckConfigOptions {
  /// None = what config::find_configuration finds.
  std::optional<std::filesystem::path> file;
  bool json = false;
  /// Print the default file, and check nothing.
  bool defaults = false;
};

/// `argv[0]` is the command's own name, "check-config".
std::variant<CheckConfigOptions, Exit> parse_check_config(int argc, const char* const* argv);

/// Problems, or that there are none, go to `out`. Throws Error where the file cannot be read.
ExitCode check_config(const CheckConfigOptions& options, std::ostream& out);

/// The whole command: errors are told on stderr and become exit codes.
ExitCode run_check_config(const CheckConfigOptions& options);

/// For a command that starts: without a name, the file that is found; without a file, the defaults.
/// Throws Error{invalid} with a line for each problem, Error where the file cannot be read.
config::Settings load_settings(std::optional<std::filesystem::path> file);

}  // namespace firn::cli
