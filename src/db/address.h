// SPDX-License-Identifier: Apache-2.0
// Where the database is, as Hydra's environment, a URL or a path says it.
#pragma once

#include "base/secret.h"
#include "db/connection.h"

#include <optional>
#include <string>
#include <string_view>

namespace firn::db {

/// A PostgreSQL database or a SQLite file. May hold a password, which `describe` leaves out.
class Address {
 public:
  Engine engine() const { return engine_; }

  /// What libpq connects by, or SQLite's file (":memory:" is one of the connection's own).
  std::string_view reveal() const { return where_.reveal(); }

  /// For people: "PostgreSQL database 'hydra' at db1", "SQLite database /var/lib/firn/db".
  const std::string& describe() const { return description_; }

 private:
  friend Address parse_address(std::string_view text);
  Address(Engine engine, Secret where, std::string description);

  Engine engine_;
  Secret where_;
  std::string description_;
};

/// Takes `postgres://…`, `postgresql://…`, `dbi:Pg:…` (in any case; the rest is libpq's key=value
/// words, separated by `;` or spaces), `sqlite:FILE`, or the path of a SQLite file. Throws
/// Error{invalid}, without showing the text, which may hold a password.
Address parse_address(std::string_view text);

/// What Hydra's programs read from the environment, given as found: HYDRA_DATABASE_URL, else
/// HYDRA_DBI, else the local PostgreSQL database `hydra`.
Address hydra_address(std::optional<std::string_view> database_url,
                      std::optional<std::string_view> dbi);

}  // namespace firn::db
