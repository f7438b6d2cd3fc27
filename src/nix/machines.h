// SPDX-License-Identifier: Apache-2.0
// Nix's machines file and `builders` setting: eight columns, `@file`, `;`, comments, URI parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace firn::nix {

/// Where a machine's store is reached, taken apart and percent-decoded. "localhost" and "local" have no authority.
struct StoreUri {
  /// "ssh", "ssh-ng", "local", "daemon", "unix", "auto", …
  std::string scheme;
  std::string user;
  /// Without brackets.
  std::string host;
  std::optional<std::uint16_t> port;
  std::string path;
  std::map<std::string, std::string> parameters;

  /// The machine's identity: without parameters, such as "ssh://nix@b1:2222".
  std::string identity() const;

  friend bool operator==(const StoreUri&, const StoreUri&) = default;
};

/// Throws Error{invalid} with the offset. Adds "ssh://" where Nix does.
StoreUri parse_store_uri(std::string_view text);

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
  /// The decoded key line: "ssh-ed25519 AAAA…"; empty = none.
  std::string host_key;

  friend bool operator==(const Machine&, const Machine&) = default;
};

/// What is wrong with one entry, for people: "/etc/nix/machines:3: max jobs 'eight' is not a number".
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

/// Reads an `@file`: its text, or nothing where it does not exist; throws Error where it cannot be read.
using IncludeReader = std::function<std::optional<std::string>(const std::string& path)>;

/// Never throws for bad input. Include cycles are diagnosed.
MachinesFile parse_machines(std::string_view text, std::string_view origin, const IncludeReader& include);

}  // namespace firn::nix
