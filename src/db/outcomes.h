// SPDX-License-Identifier: Apache-2.0
// For queries that write a group of rows and then ask what became of each.
#pragma once

#include "db/transaction.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace firn::db {

/// The outcomes of the last `count` statements that were posted.
inline std::vector<Rows> last_outcomes(Transaction& transaction, std::size_t count) {
  auto outcomes = transaction.flush();
  const auto others = static_cast<std::ptrdiff_t>(outcomes.size() - count);
  outcomes.erase(outcomes.begin(), outcomes.begin() + others);
  return outcomes;
}

}  // namespace firn::db
