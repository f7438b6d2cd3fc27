// SPDX-License-Identifier: Apache-2.0
#include "db/schema.h"

#include "db/schema_rules.h"
#include "db/schema_tables.h"

#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace firn::db {

namespace {

/// What stands for a word in one engine's SQL and in the other's.
struct Word {
  std::string_view word;
  std::string_view postgresql;
  std::string_view sqlite;
};

constexpr std::array kWords{
    Word{.word = "@time", .postgresql = "bigint", .sqlite = "integer"},
    Word{.word = "@id",
         .postgresql = "serial primary key not null",
         .sqlite = "integer primary key autoincrement not null"},
    Word{.word = "@jobset_id",
         .postgresql = "serial not null",
         .sqlite = "integer primary key autoincrement not null"},
    Word{.word = "@jobset_key", .postgresql = "primary key", .sqlite = "unique"},
    Word{.word = "@hash", .postgresql = "using hash ", .sqlite = ""},
};

std::string in_words_of(Engine engine, std::string_view text) {
  std::string result(text);
  for (const auto& word : kWords) {
    const auto replacement = engine == Engine::postgresql ? word.postgresql : word.sqlite;
    for (auto at = result.find(word.word); at != std::string::npos;
         at = result.find(word.word, at + replacement.size()))
      result.replace(at, word.word.size(), replacement);
  }
  return result;
}

bool has_table(Transaction& transaction, std::string_view name) {
  const auto* const sql =
      transaction.engine() == Engine::postgresql
          ? "select to_regclass($1) is not null as found"
          : "select count(*) > 0 as found from sqlite_master where lower(name) = $1";
  return transaction.execute(sql, name).only().get<bool>("found");
}

bool has_own_tables(Transaction& transaction) {
  const bool is_postgres = transaction.engine() == Engine::postgresql;
  return has_table(transaction, is_postgres ? "firn.state" : "firn_state");
}

int count_tables(Transaction& transaction) {
  const auto* const sql =
      transaction.engine() == Engine::postgresql
          ? "select count(*) as n from pg_tables where schemaname = any (current_schemas(false))"
          : "select count(*) as n from sqlite_master where type = 'table'";
  return transaction.execute(sql).only().get<int>("n");
}

void require_known(int version) {
  if (version >= kOldestSchema && version <= kNewestSchema) return;
  const auto advice = version > kNewestSchema
                          ? "it was made by a newer Hydra than this firn knows: use a newer firn"
                          : "run hydra-init of a newer Hydra on it first";
  throw Error(
      Kind::conflict,
      fmt::format("the database has version {} of Hydra's schema, firn works on {} to {}; {}",
                  version,
                  kOldestSchema,
                  kNewestSchema,
                  advice));
}

void create_hydra_schema(Transaction& transaction) {
  if (const int others = count_tables(transaction); others > 0)
    throw Error(
        Kind::conflict,
        fmt::format("the database holds {} tables, none of them Hydra's: give firn an empty "
                    "database",
                    others));
  const auto engine = transaction.engine();
  for (const auto text : {kHydraTables, kHydraOtherTables, kHydraIndexes})
    transaction.connection().run_script(in_words_of(engine, text));
  transaction.connection().run_script(engine == Engine::postgresql ? kHydraPostgresRules
                                                                   : kHydraSqliteRules);
  transaction.execute("insert into SchemaVersion (version) values ($1)", kNewestSchema);
}

void create_own_tables(Transaction& transaction) {
  auto& connection = transaction.connection();
  try {
    if (transaction.engine() == Engine::postgresql) connection.run_script("create schema firn");
    connection.run_script(kOwnTables);
    if (transaction.engine() == Engine::postgresql) connection.run_script(kOwnPostgresFunctions);
  } catch (Error& error) {
    if (error.kind() == Kind::permission)
      error.add_context(
          "adding the schema 'firn' (the database's owner can: "
          "grant create on database … to …)");
    throw;
  }
}

/// One at a time, where two runners start on a new database together.
void wait_for_turn(Transaction& transaction) {
  constexpr std::int32_t kLockClass = 0x6669726e;
  constexpr std::int32_t kSchemaLock = 2;
  if (transaction.engine() == Engine::postgresql)
    transaction.execute("select pg_advisory_xact_lock($1, $2)", kLockClass, kSchemaLock);
}

SchemaInit init_within(Transaction& transaction) {
  wait_for_turn(transaction);
  const auto version = find_schema_version(transaction);
  if (version) require_known(*version);
  if (!version) create_hydra_schema(transaction);
  const bool lacks_own = !has_own_tables(transaction);
  if (lacks_own) create_own_tables(transaction);
  if (!version)
    transaction.execute("insert into firn.state (what, value) values ('made_by_firn', 1)");
  if (!version) return SchemaInit::created;
  return lacks_own ? SchemaInit::recognised : SchemaInit::nothing_new;
}

}  // namespace

std::optional<int> find_schema_version(Transaction& transaction) {
  if (!has_table(transaction, "schemaversion")) return std::nullopt;
  const auto rows = transaction.execute("select version from SchemaVersion");
  if (rows.size() != 1)
    throw Error(
        Kind::conflict,
        fmt::format("Hydra's table SchemaVersion has {} rows where it must have one", rows.size()));
  return rows[0].get<int>("version");
}

SchemaInit init_schema(Connection& connection) {
  return transact(connection, init_within);
}

Schema require_schema(Connection& connection) {
  return transact(connection, [](Transaction& transaction) {
    const auto version = find_schema_version(transaction);
    if (!version)
      throw Error(Kind::not_found,
                  "the database has no tables of Hydra's; firn db init makes them");
    init_within(transaction);
    const auto made = transaction.execute("select 1 from firn.state where what = 'made_by_firn'");
    return Schema{.version = *version, .made_by_firn = !made.empty()};
  });
}

}  // namespace firn::db
