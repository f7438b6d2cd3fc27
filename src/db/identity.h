// SPDX-License-Identifier: Apache-2.0
// Which database this is, whatever it is called and wherever it has moved.
#pragma once

#include "db/transaction.h"

#include <cstdint>

namespace firn::db {

/// A number that was drawn at random when somebody first asked.
std::int64_t identity(Transaction& transaction);

}  // namespace firn::db
