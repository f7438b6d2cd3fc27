// SPDX-License-Identifier: Apache-2.0
// Faults at random, one after another and several at once: the same seed strikes in the same order.
#pragma once

#include "faults/fault_fixture.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace firn::testing {

/// Strikes from its first moment to its last, and undoes everything then. Borrows the farm.
class Storm {
 public:
  static constexpr std::chrono::seconds kLongestStrike{6};

  Storm(Farm& farm, std::uint32_t seed);
  ~Storm();
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  /// Returns when all is as it was.
  void end();

  /// What struck, a line each: "12.3 s, b3: power cut, for 2.1 s".
  std::vector<std::string> story() const;

 private:
  /// A fault that lasts.
  struct Strike {
    std::unique_ptr<lab::Fault> fault;
    /// Which builder; as many as there are = firn's own host.
    std::size_t place = 0;
    Clock::time_point until;
  };

  void rage();
  void strike();
  void calm(Clock::time_point now);

  Farm& farm_;
  std::mt19937 random_;
  Clock::time_point began_ = Clock::now();
  std::vector<Strike> strikes_;
  mutable std::mutex telling_;
  std::vector<std::string> story_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace firn::testing
