// SPDX-License-Identifier: Apache-2.0
// The machines of a run, from `--builders` and from what this machine is.
#pragma once

#include "nix/machines.h"

#include <cstdint>
#include <string>
#include <vector>

namespace firn::cli {

/// Such as "x86_64-linux".
std::string own_system();

/// This machine with `max_jobs` slots, its own features and systems.
nix::Machine this_machine(std::uint32_t max_jobs);

struct Machines {
  std::vector<nix::Machine> machines;
  /// Lines that were left out, for people.
  std::vector<std::string> warnings;
  /// Those that were read, or are not there.
  std::vector<std::string> files;
};

/// Parses `builders` and adds this machine where `own_jobs` is not 0 and the list does not name it.
/// There may be none.
Machines find_machines(const std::string& builders, std::uint32_t own_jobs);

/// The same for who needs some: throws Error{invalid} where nothing is left that could build.
Machines assemble_machines(const std::string& builders, std::uint32_t own_jobs);

/// The same for a run that has machines already, which must not lose them to a file that is being
/// written: throws Error{invalid} naming every bad line, or that a file is missing or that none
/// names a machine.
std::vector<nix::Machine> reread_machines(const std::string& builders, std::uint32_t own_jobs);

}  // namespace firn::cli
