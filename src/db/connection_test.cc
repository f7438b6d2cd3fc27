// SPDX-License-Identifier: Apache-2.0
#include "db/connection.h"

#include "db/ids.h"
#include "support/database.h"
#include "support/refusal.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConnectionTest : public firn::testing::DatabaseTest {
 protected:
  void SetUp() override {
    connection().run_script(
        "create table Things (id integer primary key, name text, weight double precision, "
        "is_big boolean, size bigint); create index ThingsByName on Things (name)");
  }

  std::int64_t count() {
    return connection().execute("select count(*) as n from Things").only().get<std::int64_t>("n");
  }
};

TEST_F(ConnectionTest, KeepsEveryKindOfValue) {
  const std::string text = "O'Hara; \"€\"\n";
  connection().execute(
      "insert into Things values ($1, $2, $3, $4, $5)", 1, text, 0.1, true, std::int64_t{1} << 40);
  connection().execute("insert into Things values ($1, $2, $3, $4, $5)",
                       2,
                       "",
                       std::nullopt,
                       false,
                       std::optional<std::int64_t>());
  const auto rows = connection().execute("select * from Things order by id");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].get<BuildId>("ID"), BuildId(1));
  EXPECT_EQ(rows[0].get<std::string>("name"), text);
  EXPECT_EQ(rows[0].get<double>("weight"), 0.1);
  EXPECT_TRUE(rows[0].get<bool>("is_big"));
  EXPECT_EQ(rows[0].get<ByteCount>("size"), ByteCount(std::uint64_t{1} << 40U));
  EXPECT_EQ(rows[1].get<std::optional<std::string>>("name"), "");
  EXPECT_EQ(rows[1].get<std::optional<double>>("weight"), std::nullopt);
  EXPECT_FALSE(rows[1].get<bool>("is_big"));
  EXPECT_EQ(rows[1].get<std::optional<WallTime>>("size"), std::nullopt);
}

TEST_F(ConnectionTest, AParameterMayStandTwice) {
  const auto rows =
      connection().execute("select cast($1 as text) || $2 || cast($1 as text) as t", "a", "b");
  EXPECT_EQ(rows.only().get<std::string>("t"), "aba");
}

TEST_F(ConnectionTest, AWrongKindNamesColumnStatementAndValue) {
  connection().execute("insert into Things (id, name) values (1, 'x')");
  const auto rows = connection().execute("select id, name, size from Things");
  EXPECT_THAT(
      firn::testing::refusal_of([&] { rows[0].get<int>("name"); }),
      HasSubstr("column name of \"select id, name, size from Things\": an integer expected, not "
                "'x'"));
  EXPECT_THAT(firn::testing::refusal_of([&] { rows[0].get<int>("size"); }),
              HasSubstr("an integer expected, not NULL"));
  EXPECT_THROW(rows[0].get<int>("weight"), Bug);
}

TEST_F(ConnectionTest, SaysHowManyRowsWereChanged) {
  for (int i = 1; i <= 3; ++i)
    connection().execute("insert into Things (id) values ($1)", i);
  EXPECT_EQ(connection().execute("update Things set size = 1 where id < $1", 3).affected(), 2);
  EXPECT_EQ(connection().execute("delete from Things where id > $1", 5).affected(), 0);
}

TEST_F(ConnectionTest, PostedStatementsHaveTheirOutcomesInOrder) {
  for (int i = 1; i <= 200; ++i)
    connection().post("insert into Things (id, size) values ($1, 0) returning id", i);
  connection().post("update Things set size = 1 where id <= $1", 150);
  const auto outcomes = connection().flush();
  ASSERT_EQ(outcomes.size(), 201U);
  EXPECT_EQ(outcomes[7].only().get<int>("id"), 8);
  EXPECT_EQ(outcomes[200].affected(), 150);
  EXPECT_THAT(connection().flush(), ElementsAre());
}

TEST_F(ConnectionTest, AFailureLeavesTheConnectionUsable) {
  connection().execute("insert into Things (id) values (1)");
  try {
    connection().post("insert into Things (id) values (1)");
    connection().post("insert into Things (id) values (2)");
    connection().flush();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("insert into Things (id) values (1)"));
  }
  EXPECT_EQ(count(), 1);
  EXPECT_THROW(connection().execute("select nonsense from Things"), Error);
  EXPECT_THROW(connection().execute("select nonsense from Things"), Error);
  EXPECT_EQ(count(), 1);
}

TEST_F(ConnectionTest, ADoubledKeyIsAConflict) {
  connection().execute("insert into Things (id) values (1)");
  try {
    connection().execute("insert into Things (id) values (1)");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::conflict);
  }
}

TEST_F(ConnectionTest, WhatIsNoTextIsMadeOne) {
  using namespace std::string_view_literals;
  const auto rows = connection().execute("select cast($1 as text) as t", "a\0b\xffz"sv);
  EXPECT_EQ(rows.only().get<std::string>("t"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbdz");
}

TEST_F(ConnectionTest, CanBeOpenedAgain) {
  connection().execute("insert into Things (id) values (1)");
  connection().post("insert into Things (id) values (2)");
  connection().reopen();
  EXPECT_TRUE(connection().is_open());
  EXPECT_GE(count(), 1);
}

TEST_F(ConnectionTest, FirnsOwnTablesHaveOneNameInSql) {
  const auto rows = connection().execute("select value from firn.state where what = 'generation'");
  EXPECT_EQ(rows.only().get<int>("value"), 0);
}

}  // namespace
}  // namespace firn::db
