// SPDX-License-Identifier: Apache-2.0
// JSON that one of Hydra's programs leaves for the others: the runner's status is `queue-runner`.
#pragma once

#include "db/transaction.h"

#include <optional>
#include <string>
#include <string_view>

namespace firn::db {

/// Posted.
void set_system_status(Transaction& transaction, std::string_view what, std::string_view json);

std::optional<std::string> find_system_status(Transaction& transaction, std::string_view what);

/// Posted.
void delete_system_status(Transaction& transaction, std::string_view what);

}  // namespace firn::db
