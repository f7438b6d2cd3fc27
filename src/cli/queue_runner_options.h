// SPDX-License-Identifier: Apache-2.0
// The command line of `firn queue-runner`.
#pragma once

#include "cli/exit_code.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace firn::cli {

struct QueueRunnerOptions {
  /// Empty = as Hydra's environment says.
  std::string database;
  /// Empty = HYDRA_DATA.
  std::string data;
  /// firn.toml; empty = where it is looked for.
  std::string config;
  /// Slots of this machine where no machines file is there; 0 = as many as it has processors.
  std::uint32_t max_jobs = 0;
  std::chrono::seconds drain{60};
  /// QR-004
  std::optional<std::int64_t> build_one;
  /// Where metrics are served; empty = nowhere.
  std::string prometheus_address;
  /// QR-003
  bool status = false;
  /// QR-002
  bool unlock = false;
  /// Where the scheduler's calls and decisions are written; empty = nowhere.
  std::string record_schedule;
};

/// `argv[0]` is the command's own name, "queue-runner".
std::variant<QueueRunnerOptions, Exit> parse_queue_runner(int argc, const char* const* argv);

}  // namespace firn::cli
