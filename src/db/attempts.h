// SPDX-License-Identifier: Apache-2.0
// What firn knows of each attempt beyond Hydra's columns: the failure class and where it was made.
// From it a new runner learns how often a step was tried.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "db/transaction.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

struct AttemptRecord {
  BuildId build;
  StepNr step;
  /// The failure class by its name; empty = success.
  std::string failure_class;
  std::string machine;
  WallTime start;
  WallTime stop;
  std::string message;
};

/// Posted.
void add_attempt(Transaction& transaction, const AttemptRecord& attempt);

/// Of this derivation, by any build, that ended after `since`: oldest first.
std::vector<AttemptRecord> attempts_of(Transaction& transaction,
                                       std::string_view drv_path,
                                       WallTime since);

/// How long a derivation of this name took on this system, smoothed over its last builds.
struct ExpectedDuration {
  std::string name;
  std::string system;
  double seconds = 0;
  std::int64_t samples = 0;
};

/// Counts one more build in. Posted.
void add_duration(Transaction& transaction,
                  std::string_view name,
                  std::string_view system,
                  double seconds);

std::vector<ExpectedDuration> expected_durations(Transaction& transaction);

}  // namespace firn::db
