// SPDX-License-Identifier: Apache-2.0
// Connections to a SQLite file. Write-ahead log, foreign keys on, a commit is on the disk when it
// returns.
#pragma once

#include "db/connection.h"

#include <memory>
#include <string>

namespace firn::db {

/// Opens the file, and makes it where there is none; ":memory:" is a database of its own. Of its
/// folder there must be one. Throws Error{unavailable} or {invalid} (not SQLite's).
std::unique_ptr<Connection> connect_sqlite(const std::string& file);

}  // namespace firn::db
