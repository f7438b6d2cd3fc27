// SPDX-License-Identifier: Apache-2.0
// Where ssh goes and with what: the words of its command line, made in one place and without I/O.
#pragma once

#include "base/units.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::transport {

/// When ssh gives a connection up. It counts in whole seconds.
struct SshLimits {
  /// For the connection and sshd's greeting.
  Duration connecting = std::chrono::seconds(30);
  /// A machine that is silent for so long is asked for a sign of life,
  Duration keepalive_interval = std::chrono::seconds(15);
  /// and is lost after so many questions without an answer.
  std::uint32_t keepalive_count = 4;
};

/// A login on a machine.
struct SshTarget {
  std::string user{};
  std::string host{};
  std::optional<std::uint16_t> port{};
  /// An identity file; empty = ssh's own choice.
  std::string key_file{};
  /// The machine's public key, "ssh-ed25519 AAAA…"; empty = ssh's known_hosts.
  std::string host_key{};
  bool compress = false;
  /// Further words for ssh, as in NIX_SSHOPTS.
  std::vector<std::string> extra_options{};
  SshLimits limits{};

  /// Such as "nix@b1:2222", for messages.
  std::string str() const;
};

/// Throws Error{invalid} for an empty host or names that ssh would take for options.
void check(const SshTarget& target);

/// The line of a known_hosts file that names the target's key.
std::string known_hosts_line(const SshTarget& target);

/// The files of one ssh client.
struct SshPlaces {
  /// Where the master of its connection listens.
  std::string socket;
  /// Tells the clients of one connection apart; 0 = its master.
  std::uint32_t number = 0;

  /// Where the client says what it has to say itself.
  std::string words_file() const;
};

/// The master of a multiplexed connection. It prints kConnectedMark on its output once clients may
/// use its socket, and ends when `remote_command`, which reads its input, does.
std::vector<std::string> master_words(const SshTarget& target,
                                      const SshPlaces& places,
                                      std::string_view known_hosts,
                                      std::string_view remote_command);
inline constexpr std::string_view kConnectedMark = "firn-connected";

/// A session that runs `remote_command` in the login shell. Refused, it fails: it never makes a
/// connection of its own.
std::vector<std::string> session_words(const SshTarget& target,
                                       const SshPlaces& places,
                                       std::string_view remote_command);

/// Splits NIX_SSHOPTS at white space, with quotes and backslashes as in a shell.
std::vector<std::string> split_options(std::string_view text);

}  // namespace firn::transport
