// SPDX-License-Identifier: Apache-2.0
// Both ends of the farm: the host where firn runs, and builders that it reaches through a real
// sshd.
#pragma once

#include "lab/host.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::lab {

/// An ed25519 key for logging in. The files belong to a host.
struct ClientKey {
  std::filesystem::path file{};
  /// "ssh-ed25519 AAAA… comment".
  std::string public_line{};
};

/// The limits of a builder's sshd.
enum class SshdLimits : std::uint8_t {
  generous,  ///< as many connections and sessions as anybody asks for: for measuring
  stock,     ///< Debian's own sshd_config: MaxStartups 10:30:100, MaxSessions 10, PAM
};

/// One `sshd -D` on 127.0.0.1, on a free port, with a host key of its own.
class Sshd {
 public:
  /// Returns when it answers. Borrows `host`.
  Sshd(const Host& host, const ClientKey& client, SshdLimits limits);

  std::uint16_t port() const { return port_; }

  /// "ssh-ed25519 AAAA…".
  const std::string& host_key() const { return host_key_; }

  /// What it logged (VERBOSE: every connection and session).
  std::string log() const;

 private:
  void write_config(const Host& host, const ClientKey& client, SshdLimits limits);
  void start(const Host& host);

  std::filesystem::path config_;
  std::string host_key_;
  std::uint16_t port_ = 0;
  std::optional<Process> process_;
};

struct BuilderOptions {
  std::string name = "b1";
  SshdLimits sshd = SshdLimits::generous;
  unsigned max_jobs = 4;
  double speed_factor = 1;
  /// Empty = this machine's own.
  std::vector<std::string> systems{};
  std::vector<std::string> features{};
  std::vector<std::string> mandatory_features{};
  HostOptions host{};
};

/// A builder machine: a host and its sshd.
class Builder {
 public:
  Builder(const ClientKey& client, BuilderOptions options);

  const std::string& name() const { return options_.name; }

  const Host& host() const { return host_; }

  const Sshd& sshd() const { return sshd_; }

  /// "ssh://root@127.0.0.1:40123".
  std::string uri() const;
  /// A line for Nix's machines file with all eight columns.
  std::string machines_line() const;
  /// The same for a stock Nix, whose URIs have no port: it goes through the alias of `ssh_config`.
  std::string stock_machines_line() const;
  /// An entry for ~/.ssh/config that makes `ssh NAME` reach this builder.
  std::string ssh_config(const std::filesystem::path& known_hosts) const;
  /// The line for that file.
  std::string known_hosts_line() const;

 private:
  std::string columns() const;

  BuilderOptions options_;
  ClientKey client_;
  Host host_;
  Sshd sshd_;
};

/// The host where firn, or a stock Nix to compare with, runs. Its store is empty and not the
/// machine's.
class CoordinatorHost : public Host {
 public:
  explicit CoordinatorHost(const HostOptions& options = {});

  /// Logs in at builders; belongs to this host's login.
  const ClientKey& key() const { return key_; }

  /// Lets ssh, and so a stock Nix, know the builder by its name.
  void introduce(const Builder& builder) const;

 private:
  ClientKey key_;
};

/// "x86_64-linux" and the like.
std::string current_system();

/// Why this machine cannot run the lab, one reason a line; empty where it can.
std::vector<std::string> lacking();

}  // namespace firn::lab
