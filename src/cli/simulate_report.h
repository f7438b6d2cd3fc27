// SPDX-License-Identifier: Apache-2.0
// Simulated runs, side by side, for people and for programs.
#pragma once

#include "sim/summary.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace firn::cli {

struct SimulatedRun {
  /// The order's name.
  std::string order;
  sim::Summary summary;
};

struct SimulationReport {
  std::size_t steps = 0;
  std::size_t machines = 0;
  std::uint64_t slots = 0;
  std::uint64_t seed = 0;
  /// Steps of the longest chain.
  std::size_t chain_steps = 0;
  /// Steps whose duration nobody knows.
  std::size_t guessed = 0;
  /// At least one.
  std::vector<SimulatedRun> runs;
};

std::string to_text(const SimulationReport& report);
nlohmann::json to_json(const SimulationReport& report);

}  // namespace firn::cli
