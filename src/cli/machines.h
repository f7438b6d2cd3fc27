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
};

/// Parses `builders` and adds this machine where `own_jobs` is not 0 and the list does not name it.
/// Throws Error{invalid} where nothing is left that could build.
Machines assemble_machines(const std::string& builders, std::uint32_t own_jobs);

}  // namespace firn::cli
