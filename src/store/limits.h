// SPDX-License-Identifier: Apache-2.0
// How long the other end of a conversation may take, and when a session has served enough. "Stall"
// is time in which no byte moves.
#pragma once

#include "base/units.h"

#include <chrono>
#include <cstdint>

namespace firn::store {

/// How long a peer may be silent while it registers what it has been sent: it writes it to a disk,
/// hashes it, and waits for whoever else holds the path.
struct Patience {
  Duration base = std::chrono::minutes(5);
  /// A second. The slowest disk that is waited for.
  ByteCount rate = 256_KiB;

  Duration with(ByteCount bytes) const {
    return base + std::chrono::seconds(bytes.value() / rate.value());
  }
};

/// Of one machine's sessions.
struct SessionLimits {
  /// From a session that is open to its first word: the login's start-up files, and the program.
  Duration greeting = std::chrono::seconds(45);
  Patience import_answer{};
  /// Its server keeps a temporary root for everything that it ever touched.
  Duration age = std::chrono::minutes(10);
  std::uint32_t uses = 200;
  Duration idle = std::chrono::seconds(30);
};

/// Of our own store.
struct StoreLimits {
  Duration connecting = std::chrono::minutes(1);
  /// A daemon that collects garbage lets us wait.
  Duration query_stall = std::chrono::minutes(5);
  /// A substituter may think for long before the first byte, and says nothing meanwhile.
  Duration substituting = std::chrono::hours(6);
  Duration adding_stall = std::chrono::minutes(5);
  Patience adding_answer{};
  /// Behind others that ask or add, each under a limit of its own.
  Duration turn = std::chrono::hours(6);
};

}  // namespace firn::store
