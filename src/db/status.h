// SPDX-License-Identifier: Apache-2.0
// The integers that Hydra's tables hold (1.7 and QR-107 of Hydra's behaviour).
#pragma once

#include <cstdint>

namespace firn::db {

/// How a build or a step ended: Builds.buildStatus, BuildSteps.status.
enum class Status : std::uint8_t {
  success = 0,
  failed = 1,
  dependency_failed = 2,  ///< builds only
  aborted = 3,
  cancelled = 4,
  failed_with_output = 6,  ///< builds only
  timed_out = 7,
  cached_failure = 8,  ///< steps only
  unsupported = 9,
  log_limit_exceeded = 10,
  nar_size_limit_exceeded = 11,
  not_deterministic = 12,
  resolved = 13,  ///< steps only, from version 87 of the schema on
};

/// BuildSteps.type.
enum class StepType : std::uint8_t { build = 0, substitution = 1 };

/// What a step is doing: BuildSteps.busy.
enum class StepState : std::uint8_t {
  finished = 0,
  preparing = 1,
  connecting = 10,
  sending_inputs = 20,
  building = 30,
  waiting_for_local_slot = 35,
  receiving_outputs = 40,
  post_processing = 50,
};

}  // namespace firn::db
