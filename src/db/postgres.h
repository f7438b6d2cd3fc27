// SPDX-License-Identifier: Apache-2.0
// Connections to PostgreSQL, by libpq in pipeline mode: statements are sent as they are posted, and
// their results are read together. A dead network is noticed by both ends within 15 s, a statement
// ends after a minute.
#pragma once

#include "db/connection.h"

#include <memory>
#include <string>
#include <string_view>

namespace firn::db {

/// `address` is borrowed for the connection's life: it is read again by `reopen`.
std::unique_ptr<Connection> connect_postgres(const Address& address);

/// "PostgreSQL database 'hydra' at db1:5433" for libpq's words or URL. Throws Error{invalid} where
/// libpq cannot read them, showing nothing of them.
std::string describe_postgres(std::string_view words);

}  // namespace firn::db
