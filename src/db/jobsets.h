// SPDX-License-Identifier: Apache-2.0
// Jobsets as the scheduler sees them: names and shares.
#pragma once

#include "db/ids.h"
#include "db/transaction.h"

#include <cstdint>
#include <string>
#include <vector>

namespace firn::db {

struct JobsetShares {
  JobsetId id;
  std::string project;
  std::string name;
  /// At least 1.
  std::int64_t shares = 1;
};

/// All jobsets, by id (QR-084).
std::vector<JobsetShares> jobset_shares(Transaction& transaction);

}  // namespace firn::db
