// SPDX-License-Identifier: Apache-2.0
// What a machine says of itself to a shell: a script for its login, and what the answer means. A
// login that runs nothing but Nix answers nothing, and all stays unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace firn::farm {

struct Room {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
};

struct MachineFacts {
  /// Such as "2.8.0".
  std::string nix_version{};
  /// Seconds since 1970 by its own clock.
  std::optional<std::int64_t> clock{};
  /// Bytes and inodes of the file system that holds /nix.
  std::optional<Room> space{};
  std::optional<Room> inodes{};
  /// What its Nix builds for, and with; empty = unknown.
  std::set<std::string> systems{};
  std::set<std::string> features{};
  /// How often its sshd asks a silent client for a sign of life, in seconds; 0 = never.
  std::optional<std::uint32_t> client_alive{};
};

/// Lets a script find Nix and sshd in their usual places.
std::string_view shell_preamble();

/// For a shell there, after the preamble. Prints a line for each fact.
std::string_view facts_script();

/// What the script printed, and whatever the login's shell printed before it.
MachineFacts parse_facts(std::string_view text);

}  // namespace firn::farm
