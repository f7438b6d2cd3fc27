// SPDX-License-Identifier: Apache-2.0
// Builds as the queue sees them: what waits, what ended and how, and what an earlier build of the
// same output can give.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "db/products.h"
#include "db/status.h"
#include "db/transaction.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::db {

/// A build that is to be done.
struct QueuedBuild {
  BuildId id;
  JobsetId jobset_id;
  std::string project;
  std::string jobset;
  std::string job;
  /// As it stands in the table; whether it is a store path is for the reader to find out.
  std::string drv_path;
  std::chrono::seconds max_silent{};
  std::chrono::seconds timeout{};
  WallTime timestamp;
  /// Among all builds: the time of its last bump, 0 without (QR-091).
  std::int64_t global_priority = 0;
  /// Within its jobset.
  std::int64_t priority = 0;
};

/// The unfinished builds with ids above `after`, lowest first, at most `limit` of them (QR-062). A
/// limit that is NULL is Hydra's default: 3600 s of silence, 36000 s in all (T-22).
std::vector<QueuedBuild> unfinished_builds(Transaction& transaction,
                                           BuildId after,
                                           std::size_t limit);

struct BuildPriority {
  BuildId id;
  std::int64_t global_priority = 0;
  std::int64_t priority = 0;
};

/// All unfinished builds, lowest id first: what was cancelled, deleted or bumped shows (QR-075).
std::vector<BuildPriority> unfinished_priorities(Transaction& transaction);

bool build_exists(Transaction& transaction, BuildId id);

/// How a build ended.
struct FinishedBuild {
  BuildId id;
  Status status = Status::success;
  WallTime start;
  WallTime stop;
  bool is_cached = false;
  std::optional<ByteCount> size{};
  std::optional<ByteCount> closure_size{};
  /// Empty = none.
  std::string release_name{};
  /// hydra-notify repeats what was not delivered since.
  std::optional<WallTime> notification_pending_since{};
};

/// Writes the ends of builds that are still unfinished, in the order of their ids (QR-194), and
/// returns those. The others were cancelled or deleted meanwhile. Times that Hydra's tables refuse
/// (0, an end before the beginning, T-19) are mended.
std::vector<BuildId> finish_builds(Transaction& transaction, std::span<const FinishedBuild> builds);

/// BuildOutputs.path, where it was not known beforehand. Posted.
void set_output_path(Transaction& transaction,
                     BuildId build,
                     std::string_view output,
                     std::string_view path);

/// What an earlier build that made the same output knows about it (QR-073, QR-159).
struct Donor {
  BuildId id;
  /// success or failed_with_output.
  Status status = Status::success;
  std::string release_name;
  std::optional<ByteCount> size{};
  std::optional<ByteCount> closure_size{};
  std::vector<Product> products;
  std::vector<Metric> metrics;
};

/// The latest one.
std::optional<Donor> find_donor_build(Transaction& transaction, std::string_view output_path);

/// A build that no evaluation asked for.
struct NewBuild {
  std::string project;
  std::string jobset;
  std::string job;
  std::string nix_name;
  std::string drv_path;
  std::string system;
  /// Name, and path where it is known.
  std::vector<std::pair<std::string, std::optional<std::string>>> outputs;
  WallTime timestamp;
  std::int64_t priority = 0;
  std::optional<std::chrono::seconds> max_silent{};
  std::optional<std::chrono::seconds> timeout{};
};

/// Adds it and notifies `builds_added`. Project and jobset are made where there are none (not
/// evaluated by anything), owned by a user `firn` who can't log in.
BuildId add_build(Transaction& transaction, const NewBuild& build);

}  // namespace firn::db
