// SPDX-License-Identifier: Apache-2.0
#include "db/builds.h"

#include "support/queue_rows.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::at;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BuildsTest : public firn::testing::QueueTest {
 protected:
  std::vector<BuildId> finish(const std::vector<FinishedBuild>& builds) {
    return in_transaction(
        [&](Transaction& transaction) { return finish_builds(transaction, builds); });
  }

  static FinishedBuild success(BuildId id) {
    return {.id = id,
            .status = Status::success,
            .start = at(100),
            .stop = at(160),
            .is_cached = false,
            .size = ByteCount(1000),
            .closure_size = ByteCount(5'000'000'000),
            .release_name = "a-1.0",
            .notification_pending_since = at(160)};
  }
};

// QR-062.
TEST_F(BuildsTest, AreReadInPartsByTheirIds) {
  const auto a = add("a");
  auto urgent = new_build("b");
  urgent.priority = 7;
  urgent.max_silent = seconds(60);
  urgent.timeout = seconds(120);
  const auto b = add(urgent);
  connection().execute("update Builds set globalPriority = 1800000000 where id = $1", a);
  const auto read = [&](BuildId after, std::size_t limit) {
    return in_transaction(
        [&](Transaction& transaction) { return unfinished_builds(transaction, after, limit); });
  };
  const auto first = read(BuildId(0), 1);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].id, a);
  EXPECT_EQ(first[0].project, "p");
  EXPECT_EQ(first[0].jobset, "j");
  EXPECT_EQ(first[0].job, "a");
  EXPECT_EQ(first[0].drv_path, "/nix/store/a.drv");
  EXPECT_EQ(first[0].timestamp, at(1'700'000'000));
  EXPECT_EQ(first[0].global_priority, 1'800'000'000);
  const auto second = read(a, 10);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].id, b);
  EXPECT_EQ(second[0].priority, 7);
  EXPECT_EQ(second[0].max_silent, seconds(60));
  EXPECT_EQ(second[0].timeout, seconds(120));
  EXPECT_THAT(read(b, 10), IsEmpty());
}

// T-22.
TEST_F(BuildsTest, WithoutLimitsHaveHydrasDefaults) {
  const auto a = add("a");
  connection().execute("update Builds set maxsilent = null, timeout = null where id = $1", a);
  const auto builds = in_transaction(
      [](Transaction& transaction) { return unfinished_builds(transaction, BuildId(0), 10); });
  ASSERT_THAT(builds, SizeIs(1));
  EXPECT_EQ(builds[0].max_silent, seconds(3600));
  EXPECT_EQ(builds[0].timeout, seconds(36000));
}

TEST_F(BuildsTest, HaveTheirEndsWritten) {
  const auto id = add("a");
  EXPECT_THAT(finish({success(id)}), ElementsAre(id));
  EXPECT_EQ(ask("select buildStatus || ' ' || startTime || ' ' || stopTime || ' ' || isCachedBuild "
                "|| ' ' || size || ' ' || closureSize || ' ' || releaseName || ' ' || "
                "notificationPendingSince as x from Builds where finished = 1 and id = $1",
                id),
            "0 100 160 0 1000 5000000000 a-1.0 160");
  EXPECT_EQ(ask("select count as x from NrBuilds"), "1");
}

TEST_F(BuildsTest, ThatWereCancelledOrDeletedMeanwhileStaySo) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  connection().execute(
      "update Builds set finished = 1, buildStatus = 4, startTime = 5, stopTime = 5 where id = $1",
      a);
  connection().execute("delete from Builds where id = $1", b);
  EXPECT_THAT(finish({success(c), success(b), success(a)}), ElementsAre(c));
  EXPECT_EQ(ask("select buildStatus as x from Builds where id = $1", a), "4");
  EXPECT_FALSE(in_transaction([&](Transaction& tx) { return build_exists(tx, b); }));
  EXPECT_TRUE(in_transaction([&](Transaction& tx) { return build_exists(tx, a); }));
}

// T-19.
TEST_F(BuildsTest, TakeTimesThatHydrasTablesWouldRefuse) {
  const auto id = add("a");
  auto end = success(id);
  end.status = Status::aborted;
  end.start = at(0);
  end.stop = at(-5);
  end.size = end.closure_size = std::nullopt;
  end.release_name = "";
  EXPECT_THAT(finish({end}), ElementsAre(id));
  EXPECT_EQ(ask("select startTime || ' ' || stopTime as x from Builds"), "1 1");
  EXPECT_EQ(ask("select coalesce(releaseName, 'none') as x from Builds"), "none");
}

// QR-075.
TEST_F(BuildsTest, ThatWaitShowWithTheirPriorities) {
  const auto a = add("a");
  const auto b = add("b");
  finish({success(a)});
  connection().execute("update Builds set globalPriority = 9, priority = 3 where id = $1", b);
  const auto waiting =
      in_transaction([](Transaction& transaction) { return unfinished_priorities(transaction); });
  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_EQ(waiting[0].id, b);
  EXPECT_EQ(waiting[0].global_priority, 9);
  EXPECT_EQ(waiting[0].priority, 3);
}

// QR-073, QR-159.
TEST_F(BuildsTest, GiveWhatTheyKnowToLaterOnesOfTheSameOutput) {
  const auto id = add("a");
  const std::vector<Product> products{{.type = "file",
                                       .subtype = "source-dist",
                                       .file_size = ByteCount(0),
                                       .sha256 = "e3b0",
                                       .path = "/nix/store/a/x.tar",
                                       .name = "x.tar",
                                       .default_path = ""},
                                      {.type = "nix-build",
                                       .subtype = "",
                                       .file_size = {},
                                       .sha256 = {},
                                       .path = "/nix/store/a",
                                       .name = "a",
                                       .default_path = "index.html"}};
  const std::vector<Metric> metrics{{.name = "lines", .unit = "", .value = 0.1},
                                    {.name = "time", .unit = "s", .value = -1e300}};
  const auto donor = [&](std::string_view path) {
    return in_transaction([&](Transaction& tx) { return find_donor_build(tx, path); });
  };
  in_transaction([&](Transaction& transaction) {
    set_products(transaction, id, std::vector<Product>{{.type = "old", .name = "old"}});
    set_products(transaction, id, products);
    set_metrics(transaction, id, metrics);
    set_metrics(transaction, id, metrics);
    set_output_path(transaction, id, "out", "/nix/store/a-resolved");
  });
  EXPECT_FALSE(donor("/nix/store/a-resolved"));
  auto end = success(id);
  end.status = Status::failed_with_output;
  finish({end});
  EXPECT_FALSE(donor("/nix/store/a"));
  const auto given = donor("/nix/store/a-resolved");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->id, id);
  EXPECT_EQ(given->status, Status::failed_with_output);
  EXPECT_EQ(given->release_name, "a-1.0");
  EXPECT_EQ(given->closure_size, ByteCount(5'000'000'000));
  EXPECT_EQ(given->products, products);
  EXPECT_EQ(given->metrics, metrics);
  EXPECT_EQ(ask("select project || jobset || job || timestamp as x from BuildMetrics "
                "where name = 'time'"),
            "pja1700000000");
}

TEST_F(BuildsTest, QueuedByHandMakeWhatTheyNeedOnce) {
  connection().listen("builds_added");
  const auto a = add("a");
  const auto b = add("b");
  EXPECT_LT(a, b);
  EXPECT_EQ(ask("select count(*) as x from Jobsets where enabled = 0"), "1");
  EXPECT_EQ(ask("select path as x from BuildOutputs where build = $1 and name = 'out'", b),
            "/nix/store/b");
  EXPECT_THAT(connection().take_notifications(),
              ElementsAre(Notification{"builds_added", std::to_string(a.value())},
                          Notification{"builds_added", std::to_string(b.value())}));
}

}  // namespace
}  // namespace firn::db
