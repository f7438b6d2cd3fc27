// SPDX-License-Identifier: Apache-2.0
// What was built before, and how long it took.
#pragma once

#include "base/units.h"
#include "db/transaction.h"

#include <cstddef>
#include <string>
#include <vector>

namespace firn::db {

/// A step that a builder finished with success.
struct PastStep {
  std::string drv_path;
  std::string system;
  /// Of the build that it was booked to.
  std::string project;
  WallTime start;
  WallTime stop;
};

/// The `most` that ended last, the last one first. A derivation built twice is there twice.
std::vector<PastStep> past_steps(Transaction& transaction, std::size_t most);

}  // namespace firn::db
