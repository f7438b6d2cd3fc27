// SPDX-License-Identifier: Apache-2.0
// Both ends of the farm: the host where firn runs, and builders that it reaches through a real
// sshd.
#pragma once

#include "lab/host.h"
#include "lab/network.h"

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

/// One `sshd -D` on 127.0.0.1, on a free port, with a host key of its own; on a host with its own
/// network, on all its addresses.
class Sshd {
 public:
  /// Returns when it answers. Borrows `host`.
  Sshd(const Host& host,
       const ClientKey& client,
       SshdLimits limits,
       const Environment& environment = {});

  /// Starts it again, with the same key and port, after the host has lost all processes.
  void restart(const Host& host);

  std::uint16_t port() const { return port_; }

  /// "ssh-ed25519 AAAA…".
  const std::string& host_key() const { return host_key_; }

  /// What it logged (VERBOSE: every connection and session).
  std::string log() const;

 private:
  void write_config(const Host& host,
                    const ClientKey& client,
                    SshdLimits limits,
                    const Environment& environment);
  bool start(const Host& host, std::uint16_t port);

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
  /// Added to what sshd sets for its sessions.
  Environment environment{};
  /// The builder has a network of its own, and a cable to this host, which has one too.
  const Host* cabled_to = nullptr;
  HostOptions host{};
};

/// A builder machine: a host and its sshd.
class Builder {
 public:
  Builder(const ClientKey& client, BuilderOptions options);

  const std::string& name() const { return options_.name; }

  const Host& host() const { return host_; }

  const Sshd& sshd() const { return sshd_; }

  /// Where it is reached.
  std::string address() const { return cable_ ? cable_->far_address() : "127.0.0.1"; }

  /// Ends all its processes at once. What was in its store stays.
  void cut_power() { host_.kill_all(); }

  /// Starts its daemon, where it has one, and its sshd again.
  void boot();

  /// "ssh://root@127.0.0.1:40123".
  std::string uri() const;
  /// The same machine seen through a relay on this port of the coordinator.
  std::string uri_at(std::uint16_t port) const;
  /// A line for Nix's machines file with all eight columns; by default the builder's own URI.
  std::string machines_line(const std::string& uri = {}) const;
  /// The same for a stock Nix, whose URIs have no port: it goes through the alias of `ssh_config`.
  std::string stock_machines_line() const;
  /// An entry for ~/.ssh/config that makes `ssh NAME` reach this builder.
  std::string ssh_config(const std::filesystem::path& known_hosts) const;
  /// The line for that file.
  std::string known_hosts_line() const;

 private:
  void join_network();
  std::string columns() const;

  BuilderOptions options_;
  ClientKey client_;
  Host host_;
  std::optional<Cable> cable_;
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
