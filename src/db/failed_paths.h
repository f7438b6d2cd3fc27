// SPDX-License-Identifier: Apache-2.0
// Outputs whose builder said no: they are not tried again. Hydra's table knows the path alone;
// firn's beside it knows since when, so that a failure can be forgotten in time.
#pragma once

#include "base/units.h"
#include "db/transaction.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

struct FailedPath {
  std::string path;
  /// Absent where Hydra wrote it: it is then remembered until somebody clears it.
  std::optional<WallTime> since{};
  /// The failure class by its name; empty where Hydra wrote it.
  std::string failure_class;
};

/// Those of the paths that failed (QR-068), in no order.
std::vector<FailedPath> find_failed(Transaction& transaction, std::span<const std::string> paths);

/// Remembers them; again is as good as once (T-20). Posted.
void add_failed(Transaction& transaction,
                std::span<const std::string> paths,
                WallTime now,
                std::string_view failure_class);

/// Posted.
void forget_failed(Transaction& transaction, std::span<const std::string> paths);

/// Drops what firn knows of paths that Hydra's front end cleared, lest their age outlive them.
/// Posted.
void prune_failed(Transaction& transaction);

}  // namespace firn::db
