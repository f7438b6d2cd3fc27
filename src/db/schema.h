// SPDX-License-Identifier: Apache-2.0
// Which schema a database has, and how an empty one gets Hydra's. In a database that firn made,
// times are 64-bit; one that Hydra made is never altered: firn's own tables stand beside Hydra's,
// in the schema `firn` (on SQLite with the prefix `firn_`), so that hydra-init can migrate it and
// the site can go back.
#pragma once

#include "db/connection.h"
#include "db/transaction.h"

#include <optional>

namespace firn::db {

/// The versions of Hydra's schema that firn works on; it makes the newest of them.
inline constexpr int kOldestSchema = 84;
inline constexpr int kNewestSchema = 87;

struct Schema {
  int version = 0;
  bool made_by_firn = false;
};

/// The version of Hydra's schema; nullopt where it has no such tables.
std::optional<int> find_schema_version(Transaction& transaction);

/// What `init_schema` found to do.
enum class SchemaInit : std::uint8_t {
  created,      ///< the database was empty and has Hydra's schema now
  recognised,   ///< Hydra's schema was there; firn's own tables were added
  nothing_new,  ///< all was there
};

/// Makes all that is lacking, in one transaction. Throws Error{conflict} where the database holds
/// something else or a version that firn does not know, Error{permission} with what to ask for.
SchemaInit init_schema(Connection& connection);

/// For a runner's start: the database must have Hydra's schema, and gets firn's own tables if they
/// are lacking. Throws Error{not_found} where it is empty, otherwise as `init_schema`.
Schema require_schema(Connection& connection);

}  // namespace firn::db
