// SPDX-License-Identifier: Apache-2.0
// What happens to the queue, as rows and notifications still to be written. In the order in which
// they come they are what a reader of the database is to see.
#pragma once

#include "base/id.h"
#include "db/builds.h"
#include "db/ids.h"
#include "db/products.h"
#include "db/steps.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace firn::queue {

/// A step's row before the database has numbered it.
using RowId = Id<struct RowTag, std::uint64_t>;

/// A build's own derivation is about to be built (QR-101).
struct BuildStarted {
  db::BuildId build;
};

/// An attempt has begun (QR-105).
struct StepStarted {
  RowId row;
  db::NewStep step;
};

/// QR-106
struct StepProgressed {
  RowId row;
  db::BuildId build;
  db::StepState state = db::StepState::preparing;
};

/// An attempt has ended (QR-108). Its number is not filled in.
struct StepFinished {
  RowId row;
  db::FinishedStep step;
};

/// The row of a build that ends because of another build's step (QR-113), or of a failure known
/// from before (QR-068).
struct StepInherited {
  db::NewStep step;
};

/// Builds that end together; the first is the one whose end is told, with the others behind it.
struct BuildsEnded {
  std::vector<db::FinishedBuild> builds;
  /// Of each of them.
  std::vector<db::Product> products;
  std::vector<db::Metric> metrics;
};

/// These outputs will not be tried again (QR-113).
struct FailureRemembered {
  std::vector<std::string> paths;
  WallTime at;
  /// Lives for ever.
  std::string_view failure_class;
};

using Change = std::variant<BuildStarted,
                            StepStarted,
                            StepProgressed,
                            StepFinished,
                            StepInherited,
                            BuildsEnded,
                            FailureRemembered>;

}  // namespace firn::queue
