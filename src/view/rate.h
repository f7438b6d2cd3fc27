// SPDX-License-Identifier: Apache-2.0
// Bytes per second over the last few seconds, from bytes and the times at which they moved.
#pragma once

#include "base/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace firn::view {

/// Bytes in both directions, from this machine's point of view; per second, where it is a rate.
struct Traffic {
  ByteCount sent = {};
  ByteCount received = {};

  Traffic& operator+=(const Traffic& other) {
    sent += other.sent;
    received += other.received;
    return *this;
  }

  friend bool operator==(const Traffic&, const Traffic&) = default;
};

/// Remembers the last few seconds in half seconds. A pause brings the rate down to zero.
class TrafficMeter {
 public:
  void add(const Traffic& traffic, TimePoint at);
  Traffic rate(TimePoint now) const;

 private:
  using Tick = std::int64_t;

  static constexpr std::size_t kTicks = 6;

  struct Cell {
    Tick tick = -1;
    Traffic traffic = {};
  };

  std::array<Cell, kTicks> cells_{};
  std::optional<TimePoint> first_;
};

}  // namespace firn::view
