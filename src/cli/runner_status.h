// SPDX-License-Identifier: Apache-2.0
// `firn queue-runner --status`.
#pragma once

#include "db/address.h"

#include <string>

namespace firn::cli {

/// The status of the runner that leads on the database, as JSON; where none does,
/// `{"status":"down"}` (QR-003). Throws Error{timeout} where one has left a status and does not
/// answer.
std::string runner_status(const db::Address& address);

}  // namespace firn::cli
