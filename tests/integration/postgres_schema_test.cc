// SPDX-License-Identifier: Apache-2.0
// Hydra's own statements, as its evaluator, web front end and hydra-init make them, on the schema
// that firn makes, and beside firn's own tables.
#include "db/channels.h"
#include "db/schema.h"
#include "integration/postgres_database.h"
#include "support/database.h"

#include <string>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class HydraTest : public DatabaseTest {
 protected:
  void SetUp() override {
    for (const auto* const channel : {"builds_restarted",
                                      "builds_cancelled",
                                      "builds_deleted",
                                      "builds_bumped",
                                      "jobset_shares_changed",
                                      "jobsets_added",
                                      "jobsets_deleted",
                                      "jobset_scheduling_changed"})
      connection().listen(channel);
    connection().run_script(
        "insert into Users (userName, emailAddress, password) values ('root', 'r@x', '!'); "
        "insert into Projects (name, displayName, owner) values ('p', 'P', 'root'); "
        "insert into Jobsets (project, name, nixExprInput, nixExprPath, emailOverride) "
        "values ('p', 'j', 'src', 'release.nix', '')");
    build_ = connection()
                 .execute(
                     "insert into Builds (finished, timestamp, jobset_id, job, drvPath, system) "
                     "select 0, 1700000000, id, 'a', '/nix/store/a.drv', 'x86_64-linux' "
                     "from Jobsets where project = 'p' and name = 'j' returning id")
                 .only()
                 .get<std::int64_t>("id");
    heard();
  }

  /// The channels on which something came since the last call.
  std::vector<std::string> heard() {
    connection().execute("select 1");
    std::vector<std::string> channels;
    for (const auto& notification : connection().take_notifications())
      channels.push_back(notification.channel);
    return channels;
  }

  std::int64_t finished_count() {
    return connection()
        .execute("select count from NrBuilds where what = 'finished'")
        .only()
        .get<std::int64_t>("count");
  }

  std::int64_t build_ = 0;
};

TEST_F(HydraTest, ItsTriggersNotifyOfBuilds) {
  connection().execute("update Builds set globalPriority = 1700000001 where id = $1", build_);
  EXPECT_THAT(heard(), ElementsAre("builds_bumped"));
  connection().execute(
      "update Builds set finished = 1, buildStatus = 4, startTime = 1, stopTime = 1, "
      "isCachedBuild = 0 where id = $1",
      build_);
  EXPECT_THAT(heard(), ElementsAre("builds_cancelled"));
  EXPECT_EQ(finished_count(), 1);
  connection().execute("update Builds set finished = 0 where id = $1", build_);
  EXPECT_THAT(heard(), ElementsAre("builds_restarted"));
  EXPECT_EQ(finished_count(), 0);
  connection().execute(
      "update Builds set finished = 1, buildStatus = 0, startTime = 1, stopTime = 1 where id = $1",
      build_);
  EXPECT_THAT(heard(), IsEmpty());
  connection().execute("delete from Builds where id = $1", build_);
  EXPECT_THAT(heard(), ElementsAre("builds_deleted"));
  EXPECT_EQ(finished_count(), 0);
}

TEST_F(HydraTest, ItsTriggersNotifyOfJobsets) {
  const auto change = [&](std::string_view what) {
    connection().execute("update Jobsets set " + std::string(what) + " where name = 'j'");
    return heard();
  };
  EXPECT_THAT(change("schedulingShares = 7"), ElementsAre("jobset_shares_changed"));
  EXPECT_THAT(change("schedulingShares = 7, lastCheckedTime = 5"), IsEmpty());
  EXPECT_THAT(change("triggerTime = 5"), ElementsAre("jobset_scheduling_changed"));
  EXPECT_THAT(change("triggerTime = null"), IsEmpty());
  EXPECT_THAT(change("enabled = 3, checkInterval = 0"), ElementsAre("jobset_scheduling_changed"));
  EXPECT_THROW(change("schedulingShares = 0"), Error);
  EXPECT_THROW(change("flake = 'github:x/y'"), Error);
  EXPECT_THAT(change("type = 1, flake = 'x', nixExprInput = null, nixExprPath = null"), IsEmpty());
  connection().execute(
      "insert into Jobsets (project, name, type, flake, emailOverride) "
      "values ('p', 'k', 1, 'github:x/y', '')");
  EXPECT_THAT(heard(), ElementsAre("jobsets_added"));
  connection().execute("delete from Jobsets where name = 'j'");
  EXPECT_THAT(heard(), UnorderedElementsAre("jobsets_deleted", "builds_deleted"));
  EXPECT_TRUE(connection().execute("select id from Builds").empty());
}

TEST_F(HydraTest, ABuildIsNotFinishedWithoutTimes) {
  EXPECT_THROW(connection().execute("update Builds set finished = 1, buildStatus = 0, "
                                    "startTime = 0, stopTime = 5 where id = $1",
                                    build_),
               Error);
  EXPECT_THROW(
      connection().execute(
          "update Builds set finished = 1, buildStatus = 0, stopTime = 5 where id = $1", build_),
      Error);
}

// What hydra-init would do next runs beside firn's tables, and leaves them.
TEST_F(HydraTest, ItsMigrationsRunAfterUs) {
  connection().run_script(
      "alter table BuildSteps add column anotherColumn text; drop table SystemStatus; "
      "alter table Builds rename column keep to kept; drop table Jobsets cascade; "
      "update SchemaVersion set version = 88");
  EXPECT_THROW(db::require_schema(connection()), Error);
  EXPECT_EQ(connection()
                .execute("select value from firn.state where what = 'version'")
                .only()
                .get<int>("value"),
            1);
}

TEST(HydrasDatabase, ThatHydraMadeIsRecognisedAndNotAltered) {
  const auto database = make_test_database(Contents::schema);
  const auto connection = db::connect(database->address());
  const auto columns = [&] {
    return connection
        ->execute(
            "select string_agg(table_name || '.' || column_name || ' ' || data_type, ',' "
            "order by table_name, ordinal_position) as all "
            "from information_schema.columns where table_schema = 'public'")
        .only()
        .get<std::string>("all");
  };
  connection->run_script(
      "drop schema firn cascade; alter table Builds alter column startTime type integer; "
      "alter table BuildSteps drop column resolvedDrvPath; update SchemaVersion set version = 84");
  const auto before = columns();
  EXPECT_EQ(db::init_schema(*connection), db::SchemaInit::recognised);
  const auto schema = db::require_schema(*connection);
  EXPECT_EQ(schema.version, 84);
  EXPECT_FALSE(schema.made_by_firn);
  EXPECT_EQ(columns(), before);
}

TEST(HydrasDatabase, WithoutTheRightToAddASchemaSaysWhatToGrant) {
  const auto database = make_test_database(Contents::schema);
  const auto connection = db::connect(database->address());
  connection->run_script(
      "drop schema firn cascade; create role hydra_reader; "
      "grant select on all tables in schema public to hydra_reader; set role hydra_reader");
  try {
    db::require_schema(*connection);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::permission);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("grant create on database"));
  }
}

}  // namespace
}  // namespace firn::testing
