// SPDX-License-Identifier: Apache-2.0
// Nix's machines file and `builders` setting: eight columns, `@file`, `;`, comments, URI
// parameters.
#pragma once

#include "nix/store_uri.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace firn::nix {

/// One line of the file.
struct Machine {
  StoreUri uri;
  /// Empty = the caller's own system (Nix's rule).
  std::set<std::string> systems;
  std::string ssh_key;
  std::uint32_t max_jobs = 1;
  double speed_factor = 1.0;
  std::set<std::string> supported_features;
  std::set<std::string> mandatory_features;
  /// The decoded key line: "ssh-ed25519 AAAA…", without line end; empty = none.
  std::string host_key;

  friend bool operator==(const Machine&, const Machine&) = default;
};

/// What is wrong with one entry, for people: "/etc/nix/machines:3: max jobs 'eight' is not a
/// number".
struct MachinesDiagnostic {
  /// File name, or "--builders".
  std::string origin;
  /// From 1.
  std::size_t line = 0;
  std::string message;

  std::string str() const;
};

struct MachinesFile {
  std::vector<Machine> machines;
  /// Bad entries. They never cost the good ones.
  std::vector<MachinesDiagnostic> diagnostics;
};

/// Reads an `@file`: its text, or nothing where it does not exist; throws Error where it cannot be
/// read.
using IncludeReader = std::function<std::optional<std::string>(const std::string& path)>;

/// Never throws for bad input. Include cycles and files that `include` throws for are diagnosed; a
/// file that does not exist counts as empty. `origin` names the text in diagnostics, and as a file
/// where it is one.
MachinesFile parse_machines(std::string_view text,
                            std::string_view origin,
                            const IncludeReader& include);

}  // namespace firn::nix
