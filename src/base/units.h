// SPDX-License-Identifier: Apache-2.0
// Sizes and times as types: bytes are no seconds, and the steady clock is not the wall clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace firn {

/// A number of bytes.
class ByteCount {
 public:
  constexpr ByteCount() = default;

  constexpr explicit ByteCount(std::uint64_t value) : value_(value) {}

  constexpr std::uint64_t value() const { return value_; }

  friend constexpr auto operator<=>(ByteCount, ByteCount) = default;

  constexpr ByteCount& operator+=(ByteCount other) {
    value_ += other.value_;
    return *this;
  }

  friend constexpr ByteCount operator+(ByteCount a, ByteCount b) {
    return ByteCount(a.value_ + b.value_);
  }

 private:
  std::uint64_t value_ = 0;
};

constexpr ByteCount operator""_KiB(unsigned long long n) {
  return ByteCount(n << 10U);
}

constexpr ByteCount operator""_MiB(unsigned long long n) {
  return ByteCount(n << 20U);
}

using Duration = std::chrono::nanoseconds;

/// A moment of the steady clock: for deadlines and measuring. Only aio's Timers read that clock;
/// everyone else is told.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// A moment of the calendar, in whole seconds: what Nix and people write down. 0 = unknown.
using WallTime = std::chrono::sys_seconds;

}  // namespace firn
