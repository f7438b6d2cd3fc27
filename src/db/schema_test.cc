// SPDX-License-Identifier: Apache-2.0
#include "db/schema.h"

#include "support/database.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::Contents;
using firn::testing::make_test_database;
using ::testing::HasSubstr;

/// What `call` throws, with the kind that it must have.
template <class Call>
std::string failure_of(Kind kind, Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Schema, IsMadeOnceInAnEmptyDatabase) {
  const auto database = make_test_database(Contents::nothing);
  const auto connection = connect(database->address());
  EXPECT_THAT(failure_of(Kind::not_found, [&] { require_schema(*connection); }),
              HasSubstr("firn db init"));
  EXPECT_EQ(init_schema(*connection), SchemaInit::created);
  EXPECT_EQ(init_schema(*connection), SchemaInit::nothing_new);
  const auto schema = require_schema(*connection);
  EXPECT_EQ(schema.version, 87);
  EXPECT_TRUE(schema.made_by_firn);
}

TEST(Schema, StaysOutOfADatabaseOfSomethingElse) {
  const auto database = make_test_database(Contents::nothing);
  const auto connection = connect(database->address());
  connection->run_script("create table wiki (page text)");
  EXPECT_THAT(failure_of(Kind::conflict, [&] { init_schema(*connection); }),
              HasSubstr("holds 1 tables, none of them Hydra's"));
}

using SchemaTest = firn::testing::DatabaseTest;

TEST_F(SchemaTest, OtherVersionsAreRefused) {
  connection().execute("update SchemaVersion set version = 88");
  EXPECT_THAT(
      failure_of(Kind::conflict, [&] { require_schema(connection()); }),
      HasSubstr("has version 88 of Hydra's schema, firn works on 84 to 87; it was made by a "
                "newer Hydra"));
  connection().execute("update SchemaVersion set version = 83");
  EXPECT_THAT(failure_of(Kind::conflict, [&] { init_schema(connection()); }),
              HasSubstr("run hydra-init of a newer Hydra on it first"));
  connection().execute("update SchemaVersion set version = 84");
  EXPECT_EQ(require_schema(connection()).version, 84);
}

TEST_F(SchemaTest, TimesGoBeyond2038) {
  connection().execute("insert into SystemStatus (what, status) values ('x', '{}')");
  connection().execute(
      "insert into TaskRetries (channel, pluginname, payload, attempts, retry_at) "
      "values ('a', 'b', 'c', 1, $1)",
      std::int64_t{4'000'000'000});
  const auto rows = connection().execute("select id, retry_at from TaskRetries");
  EXPECT_EQ(rows.only().get<std::int64_t>("retry_at"), 4'000'000'000);
  EXPECT_EQ(rows.only().get<int>("id"), 1);
}

// T-20.
TEST_F(SchemaTest, AFailedPathMayBeInsertedTwice) {
  for (int i = 0; i < 2; ++i)
    connection().execute("insert into FailedPaths (path) values ($1)", "/nix/store/x");
  const auto rows = connection().execute("select path from FailedPaths");
  EXPECT_EQ(rows.size(), 1U);
}

}  // namespace
}  // namespace firn::db
