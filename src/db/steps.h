// SPDX-License-Identifier: Apache-2.0
// Rows of BuildSteps: made when a step begins, moved while it runs, closed when it ends. All take
// groups, so that a thousand steps cost a few round trips and one commit.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "db/status.h"
#include "db/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

/// What a step is to make: the path is unknown before a content-addressed one is built.
struct StepOutput {
  std::string name;
  std::optional<std::string> path{};
};

/// A step that begins, or that is over as soon as it is known.
struct NewStep {
  BuildId build;
  StepType type = StepType::build;
  std::string drv_path;
  std::string system;
  std::string machine{};
  std::optional<WallTime> start{};
  std::vector<StepOutput> outputs{};
  /// Absent while it runs.
  std::optional<Status> status{};
  std::optional<WallTime> stop{};
  std::string error_message{};
  /// The build whose failure this one repeats.
  std::optional<BuildId> propagated_from{};
  /// While it runs.
  StepState state = StepState::preparing;
};

/// Numbers the steps within their builds, writes them and their outputs (QR-105, T-21), and
/// notifies `step_started` of each that runs. Returns their numbers, in order.
std::vector<StepNr> create_steps(Transaction& transaction, std::span<const NewStep> steps);

/// A step that does something else now.
struct StepProgress {
  BuildId build;
  StepNr step;
  StepState state = StepState::preparing;
};

/// Writes what running steps do (QR-106) and says of each whether its row was there and running: a
/// jobset that is deleted takes its rows along (T-12).
std::vector<bool> set_step_states(Transaction& transaction, std::span<const StepProgress> steps);

/// How a step ended.
struct FinishedStep {
  BuildId build;
  StepNr step;
  Status status = Status::success;
  WallTime start;
  WallTime stop;
  std::string machine{};
  /// Empty = none; Hydra keeps it for status `aborted` only.
  std::string error_message{};
  /// Spent on copying; 0 = none.
  std::chrono::milliseconds overhead{};
  /// 0 = not known.
  int times_built = 0;
  /// Written only where it was built more than once.
  bool is_non_deterministic = false;
  /// With their paths, which are written when it succeeded.
  std::vector<StepOutput> outputs{};
  /// Where hydra-notify finds the log; empty = none.
  std::string log_file{};
};

/// Closes the rows (QR-108), notifies `step_finished`, and says of each whether its row was there.
std::vector<bool> finish_steps(Transaction& transaction, std::span<const FinishedStep> steps);

/// Closes all rows that a runner left running when it died, as aborted at `now` (QR-011). Returns
/// how many.
std::int64_t clear_busy(Transaction& transaction, WallTime now);

/// The latest build with a failed step of this derivation, or of one of its outputs (QR-069).
std::optional<BuildId> find_propagated_from(Transaction& transaction,
                                            std::string_view drv_path,
                                            std::span<const StepOutput> outputs);

/// How long a step of a jobset took.
struct StepSeconds {
  WallTime start;
  std::chrono::seconds duration{};
};

/// Of all steps of the jobset that ended after `since` (QR-081).
std::vector<StepSeconds> step_seconds_since(Transaction& transaction,
                                            JobsetId jobset,
                                            WallTime since);

}  // namespace firn::db
