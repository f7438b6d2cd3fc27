// SPDX-License-Identifier: Apache-2.0
// The greeting of the worker protocol, both halves, without I/O:
//
//   client                          daemon
//   magic, its version          →
//                               ←   magic, its version          both go by the lower one from here
//   its features                →                               from 1.38 on
//                               ←   its features
//   0, 0                        →                               once: a processor, space to reserve
//                               ←   its Nix version             from 1.33 on
//                               ←   whether it trusts us        from 1.35 on
//                               ←   messages up to Finished     worker_messages.h; not read here
//
// Each half is driven by one loop: send what `take_output` has, feed what has arrived, until done.
#pragma once

#include "wire/codec.h"
#include "wire/worker_version.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::wire::worker {

/// Whether a daemon lets its client do what needs trust: add unsigned paths, build
/// input-addressed derivations, repair, change most settings.
enum class Trust : std::uint8_t {
  unknown = 0,
  trusted = 1,
  not_trusted = 2,
};

/// What a daemon says about itself.
struct DaemonInfo {
  /// Such as "2.34.8". None below 1.33.
  std::optional<std::string> nix_version;
  /// Unknown below 1.35.
  Trust trust = Trust::unknown;

  friend bool operator==(const DaemonInfo&, const DaemonInfo&) = default;
};

/// Greets a daemon.
class ClientHandshake {
 public:
  explicit ClientHandshake(WorkerVersion announced = kNewestWorker,
                           FeatureSet offered = kOurFeatures);

  /// What is to be sent now; once. Empty while it is the daemon's turn. To be asked before feeding
  /// and after.
  std::string take_output();

  /// `available` starts after what was consumed so far. Done, and no byte further, before the
  /// messages. Throws Error{protocol} for another greeting, showing the text that came instead, for
  /// another major version and for a daemon below kOldestWorker.
  Progress feed(std::string_view available);

  /// Only when done.
  const Protocol& protocol() const;
  const DaemonInfo& daemon() const;

 private:
  enum class State : std::uint8_t { hello, features, info, done };

  void read(Decoder& io, std::string_view available);
  void read_hello(Decoder& io, std::string_view available);
  void send_rest();

  FeatureSet offered_;
  std::string output_;
  State state_ = State::hello;
  Protocol protocol_;
  DaemonInfo daemon_;
  std::uint64_t offset_ = 0;
};

/// Greets a client.
class ServerHandshake {
 public:
  /// Offers `ours`, and tells `info`, of which the client gets what its version has room for.
  ServerHandshake(Protocol ours, DaemonInfo info);

  /// As in ClientHandshake. After the last of it, the messages up to Finished are the caller's to
  /// send.
  std::string take_output();

  /// As in ClientHandshake. Throws Error{protocol} for another greeting, for another major version
  /// and for a client below kOldestWorker.
  Progress feed(std::string_view available);

  /// Only when done.
  const Protocol& protocol() const;

 private:
  enum class State : std::uint8_t { hello, features, obsolete, done };

  void read(Decoder& io);
  void read_hello(Decoder& io);

  Protocol ours_;
  DaemonInfo info_;
  std::string output_;
  State state_ = State::hello;
  Protocol protocol_;
  std::uint64_t offset_ = 0;
};

}  // namespace firn::wire::worker
