// SPDX-License-Identifier: Apache-2.0
// `firn doctor`: its command line as values, and what it does.
#pragma once

#include "cli/exit_code.h"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace firn::cli {

struct DoctorCommand {
  /// Names or URIs; empty = all that `builders` names.
  std::vector<std::string> machines;
  /// In the syntax of Nix's machines file, `@FILE` included.
  std::string builders;
  std::optional<std::filesystem::path> config;
  bool json = false;
};

/// `argv[0]` is the command's own name, "doctor". Looks whether /etc/nix/machines exists.
std::variant<DoctorCommand, Exit> parse_doctor(int argc, const char* const* argv);

/// The whole command: errors are told on stderr and become exit codes.
ExitCode run_doctor(const DoctorCommand& command);

}  // namespace firn::cli
