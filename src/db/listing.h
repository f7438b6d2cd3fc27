// SPDX-License-Identifier: Apache-2.0
// The queue as a person wants to see it: what waits, what runs, what ended last.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "db/status.h"
#include "db/transaction.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

struct ListedBuild {
  BuildId id;
  std::string project;
  std::string jobset;
  std::string job;
  std::string drv_path;
  std::string system;
  /// When it came.
  WallTime timestamp;
  std::int64_t global_priority = 0;
  std::int64_t priority = 0;
  /// How and when it ended; absent while it is unfinished.
  std::optional<Status> status{};
  std::optional<WallTime> start{};
  std::optional<WallTime> stop{};
  bool is_cached = false;
};

/// Where a page of unfinished builds begins: behind this build.
struct ListPosition {
  std::int64_t global_priority = std::numeric_limits<std::int64_t>::max();
  BuildId id{0};
};

/// Unfinished builds as Hydra's page shows them: the last bumped first, then by their ids.
std::vector<ListedBuild> list_unfinished(Transaction& transaction,
                                         const ListPosition& after,
                                         std::size_t limit);

std::int64_t count_unfinished(Transaction& transaction);

/// The last to end first.
std::vector<ListedBuild> list_finished(Transaction& transaction, std::size_t limit);

std::optional<ListedBuild> find_build(Transaction& transaction, BuildId id);

/// A step that is being done now.
struct RunningStep {
  BuildId build;
  StepNr step;
  std::string drv_path;
  StepState state = StepState::preparing;
  /// Empty where none has it yet.
  std::string machine;
  std::optional<WallTime> start{};
};

/// All, by build and number.
std::vector<RunningStep> running_steps(Transaction& transaction);

/// Derivations of the build's steps, the newest step first.
std::vector<std::string> step_drvs(Transaction& transaction, BuildId build);

/// Whether a build of this derivation is unfinished.
bool is_wanted(Transaction& transaction, std::string_view drv_path);

/// Whether a step of this derivation is being done for any build.
bool is_running(Transaction& transaction, std::string_view drv_path);

}  // namespace firn::db
