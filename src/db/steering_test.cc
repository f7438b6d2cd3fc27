// SPDX-License-Identifier: Apache-2.0
#include "db/steering.h"

#include "db/failed_paths.h"
#include "db/steps.h"
#include "support/queue_rows.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::at;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SteeringTest : public firn::testing::QueueTest {
 protected:
  std::vector<BuildId> cancel(const std::vector<BuildId>& builds) {
    return in_transaction([&](Transaction& tx) { return cancel_builds(tx, builds, at(50)); });
  }

  std::vector<BuildId> restart(const std::vector<BuildId>& builds) {
    return in_transaction([&](Transaction& tx) { return restart_builds(tx, builds); });
  }

  std::vector<BuildId> bump(const std::vector<BuildId>& builds, std::int64_t priority) {
    return in_transaction([&](Transaction& tx) { return bump_builds(tx, builds, priority); });
  }

  std::vector<BuildId> relatives(const std::vector<BuildId>& builds) {
    return in_transaction([&](Transaction& tx) { return failed_relatives(tx, builds); });
  }

  void finish(BuildId id, Status status) {
    const FinishedBuild end{.id = id, .status = status, .start = at(10), .stop = at(20)};
    in_transaction([&](Transaction& tx) { finish_builds(tx, {&end, 1}); });
  }

  /// A failed step that made `path`; of another build where one is named.
  void fail_step(BuildId build, const std::string& path, std::optional<BuildId> from = {}) {
    const NewStep step{.build = build,
                       .drv_path = path + ".drv",
                       .system = "x86_64-linux",
                       .start = at(10),
                       .outputs = {{.name = "out", .path = path}},
                       .status = from ? Status::cached_failure : Status::failed,
                       .stop = at(20),
                       .propagated_from = from};
    in_transaction([&](Transaction& tx) { create_steps(tx, {&step, 1}); });
  }
};

// QR-075.
TEST_F(SteeringTest, CancelsWhatIsUnfinished) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  finish(b, Status::success);
  EXPECT_THAT(cancel({c, a, b, BuildId(999), a}), ElementsAre(a, c));
  EXPECT_EQ(ask("select finished || ' ' || buildStatus || ' ' || isCachedBuild || ' ' || startTime "
                "|| ' ' || stopTime as x from Builds where id = $1",
                a),
            "1 4 0 50 50");
  EXPECT_EQ(ask("select buildStatus as x from Builds where id = $1", b), "0");
  EXPECT_THAT(cancel({a}), IsEmpty());
}

// QR-076.
TEST_F(SteeringTest, RestartsWhatIsFinishedAndForgetsItsFailures) {
  const auto a = add("a");
  const auto b = add("b");
  fail_step(a, "/nix/store/dep");
  finish(a, Status::dependency_failed);
  const std::vector<std::string> failed{"/nix/store/a", "/nix/store/dep", "/nix/store/other"};
  in_transaction([&](Transaction& tx) { add_failed(tx, failed, at(20), "builder said no"); });
  EXPECT_THAT(restart({b, a}), ElementsAre(a));
  EXPECT_EQ(ask("select finished || ' ' || isCachedBuild || coalesce(buildStatus, startTime, "
                "stopTime, -1) as x from Builds where id = $1",
                a),
            "0 0-1");
  EXPECT_EQ(ask("select path as x from FailedPaths"), "/nix/store/other");
  EXPECT_EQ(ask("select path as x from firn.failed_paths"), "/nix/store/other");
}

TEST_F(SteeringTest, ARestartHasItsEvaluationsCountedAnew) {
  const auto a = add("a");
  finish(a, Status::failed);
  for (const auto* const sql :
       {"insert into JobsetEvals (id, jobset_id, timestamp, checkoutTime, evalTime, hasNewBuilds, "
        "hash, nrBuilds, nrSucceeded) select 7, id, 1, 0, 0, 1, '', 1, 0 from Jobsets",
        "insert into JobsetEvals (id, jobset_id, timestamp, checkoutTime, evalTime, hasNewBuilds, "
        "hash, nrBuilds, nrSucceeded) select 8, id, 1, 0, 0, 1, '', 1, 0 from Jobsets",
        "insert into JobsetEvalMembers (eval, build, isNew) select 7, id, 1 from Builds"})
    connection().execute(sql);
  restart({a});
  EXPECT_EQ(ask("select nrSucceeded as x from JobsetEvals where id = 7"), "NULL");
  EXPECT_EQ(ask("select nrSucceeded as x from JobsetEvals where id = 8"), "0");
}

// QR-091.
TEST_F(SteeringTest, BumpsWhatIsUnfinishedUpAndDown) {
  const auto a = add("a");
  const auto b = add("b");
  finish(b, Status::success);
  EXPECT_THAT(bump({b, a}, 1'800'000'000), ElementsAre(a));
  EXPECT_EQ(ask("select globalPriority as x from Builds where id = $1", a), "1800000000");
  EXPECT_EQ(ask("select globalPriority as x from Builds where id = $1", b), "0");
  EXPECT_THAT(bump({a}, 0), ElementsAre(a));
  EXPECT_EQ(ask("select globalPriority as x from Builds where id = $1", a), "0");
}

TEST_F(SteeringTest, AFailureJoinsTheBuildsThatItEnded) {
  const auto cause = add("cause");
  const auto a = add("a");
  const auto b = add("b");
  const auto cancelled = add("cancelled");
  const auto waiting = add("waiting");
  fail_step(cause, "/nix/store/cause");
  for (const auto id : {a, b, cancelled, waiting})
    fail_step(id, "/nix/store/cause", cause);
  finish(cause, Status::failed);
  finish(a, Status::dependency_failed);
  finish(b, Status::dependency_failed);
  finish(cancelled, Status::cancelled);
  EXPECT_THAT(relatives({cause}), ElementsAre(a, b));
  EXPECT_THAT(relatives({a}), ElementsAre(cause));
  EXPECT_THAT(relatives({cause, a}), ElementsAre(b));
  EXPECT_THAT(relatives({}), IsEmpty());
}

}  // namespace
}  // namespace firn::db
