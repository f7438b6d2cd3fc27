// SPDX-License-Identifier: Apache-2.0
// Which database a command works on.
#pragma once

#include "db/address.h"

#include <string>

namespace firn::cli {

/// What `--database` says; where that is empty, what Hydra's variables say. Throws as
/// db::parse_address does.
db::Address database_address(const std::string& option);

}  // namespace firn::cli
