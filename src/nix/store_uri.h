// SPDX-License-Identifier: Apache-2.0
// Store URIs (Nix: store references) as Nix reads them in a machines file and after --store: full
// ones and its many shorthands. Their JSON is the text.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace firn::nix {

/// Where a machine's store is reached, taken apart and percent-decoded. "localhost" and "local"
/// have no authority.
struct StoreUri {
  /// "ssh", "ssh-ng", "local", "daemon", "unix", "auto", …
  std::string scheme;
  /// One of the words "auto", "daemon" and "local", and no URI. Of these only "auto" has
  /// parameters: with them the others mean "unix://" and "local://".
  bool is_word = false;
  std::string user;
  /// Taken as Nix takes it (2.26 and newer), and as in Nix told to nobody: ssh asks for its own.
  std::optional<std::string> password;
  /// Without brackets; an IPv6 zone follows a plain '%'. Neither it nor `user` begins with '-' or
  /// holds control bytes or blanks, so that both may stand in a command line.
  std::string host;
  std::optional<std::uint16_t> port;
  std::string path;
  std::map<std::string, std::string> parameters;

  /// As Nix prints it; parses again.
  std::string str() const;
  /// What a machine is known by: the same without password and parameters, such as
  /// "ssh://nix@b1:2222".
  std::string identity() const;
  /// What Nix prints between "<scheme>://" and the parameters; empty for a word.
  std::string authority_and_path() const;

  /// No ssh is needed to get there: this machine's own store, which "ssh://localhost" means too, as
  /// in Nix.
  bool is_local() const;

  friend bool operator==(const StoreUri&, const StoreUri&) = default;
};

/// Throws Error{invalid} with the offset. Adds "ssh://" where Nix does. A path becomes a local
/// store, a relative one below `working_folder`, without which it is refused. A parameter without
/// '=' is ignored, of two with one key the first counts; a fragment is ignored behind a scheme and
/// an authority, and refused elsewhere. An empty port is none.
StoreUri parse_store_uri(std::string_view text, std::string_view working_folder = {});

}  // namespace firn::nix
