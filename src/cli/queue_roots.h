// SPDX-License-Identifier: Apache-2.0
// What keeps derivations that were queued by hand from the garbage collector until they are built:
// links in a folder of firn's own, registered with the store as indirect roots.
#pragma once

#include "aio/task.h"
#include "base/units.h"
#include "db/connection.h"
#include "nix/store_path.h"
#include "store/store.h"

#include <filesystem>

namespace firn::cli {

/// The links of one user for one database.
class QueueRoots {
 public:
  /// Makes the folder: queue-roots/IDENTITY in firn's state folder. Throws Error.
  explicit QueueRoots(db::Connection& connection);

  /// Makes roots of those that are valid, and returns them.
  aio::Task<nix::StorePathSet> keep(store::Store& store, nix::StorePathSet drvs) const;

  /// Removes links to what no unfinished build needs; not those of the last hour, whose build may
  /// still be on its way into the database.
  void prune(WallTime now) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  db::Connection& connection_;
  std::filesystem::path folder_;
};

}  // namespace firn::cli
