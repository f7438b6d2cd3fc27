// SPDX-License-Identifier: Apache-2.0
#include "queue/apply.h"

#include "db/failed_paths.h"
#include "support/queue_rows.h"

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using testing::at;

class ApplyTest : public testing::QueueTest {
 protected:
  void apply(const std::vector<Change>& changes) { applier_.apply(changes); }

  static Change started(std::uint64_t row, db::BuildId build) {
    return StepStarted{.row = RowId(row),
                       .step = {.build = build,
                                .drv_path = "/nix/store/a.drv",
                                .system = "x86_64-linux",
                                .machine = "ssh://b1",
                                .start = at(100),
                                .outputs = {{.name = "out", .path = "/nix/store/a"}},
                                .status = std::nullopt,
                                .stop = std::nullopt,
                                .propagated_from = std::nullopt}};
  }

  static Change finished(std::uint64_t row, db::BuildId build, db::Status status) {
    return StepFinished{.row = RowId(row),
                        .step = {.build = build,
                                 .step = {},
                                 .status = status,
                                 .start = at(100),
                                 .stop = at(105),
                                 .machine = "ssh://b1",
                                 .outputs = {{.name = "out", .path = "/nix/store/a"}}}};
  }

  static Change ended(db::BuildId build, db::Status status) {
    return BuildsEnded{.builds = {{.id = build,
                                   .status = status,
                                   .start = at(100),
                                   .stop = at(105),
                                   .size = ByteCount(7),
                                   .closure_size = std::nullopt,
                                   .notification_pending_since = at(105)}},
                       .products = {{.type = "file",
                                     .subtype = "doc",
                                     .file_size = std::nullopt,
                                     .sha256 = std::nullopt,
                                     .path = "/nix/store/a/x",
                                     .name = "x",
                                     .default_path = ""}},
                       .metrics = {{.name = "size", .unit = "KiB", .value = 2}}};
  }

  std::optional<db::Leadership> lead_ = db::Leadership::try_acquire(connection(), address());
  Applier applier_{
      std::shared_ptr<const db::Address>(std::shared_ptr<const db::Address>(), &address()),
      lead_.value().generation()};
  db::BuildId a_ = add("a");
};

TEST_F(ApplyTest, AStepIsNumberedAndFollowedAcrossGroups) {
  apply({BuildStarted{.build = a_}, started(1, a_)});
  EXPECT_EQ(ask("select busy as x from BuildSteps where stepnr = 1"), "1");
  apply({StepProgressed{.row = RowId(1), .build = a_, .state = db::StepState::building}});
  EXPECT_EQ(ask("select busy as x from BuildSteps where stepnr = 1"), "30");
  apply({finished(1, a_, db::Status::aborted), started(2, a_)});
  EXPECT_EQ(ask("select status as x from BuildSteps where stepnr = 1"), "3");
  EXPECT_EQ(ask("select busy as x from BuildSteps where stepnr = 2"), "1");
}

TEST_F(ApplyTest, AWholeLifeInOneGroup) {
  apply({started(1, a_),
         StepProgressed{.row = RowId(1), .build = a_, .state = db::StepState::building},
         finished(1, a_, db::Status::success),
         ended(a_, db::Status::success)});
  EXPECT_EQ(ask("select busy as x from BuildSteps"), "0");
  EXPECT_EQ(ask("select stopTime as x from BuildSteps"), "105");
  EXPECT_EQ(ask("select finished as x from Builds"), "1");
  EXPECT_EQ(ask("select size as x from Builds"), "7");
  EXPECT_EQ(ask("select name as x from BuildProducts"), "x");
  EXPECT_EQ(ask("select unit as x from BuildMetrics"), "KiB");
}

TEST_F(ApplyTest, AFailureIsRememberedWithItsClass) {
  apply(
      {FailureRemembered{.paths = {"/nix/store/a"}, .at = at(9), .failure_class = "build failed"}});
  const auto failed = in_transaction([](db::Transaction& transaction) {
    return db::find_failed(transaction, std::vector<std::string>{"/nix/store/a"});
  });
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].failure_class, "build failed");
}

// QR-113: the build was cancelled by somebody else meanwhile.
TEST_F(ApplyTest, ABuildThatHasEndedKeepsItsEnd) {
  connection().execute(
      "update Builds set finished = 1, buildStatus = 4, startTime = 1, stopTime = 2");
  apply({ended(a_, db::Status::success)});
  EXPECT_EQ(ask("select buildStatus as x from Builds"), "4");
  EXPECT_EQ(ask("select count(*) as x from BuildProducts"), "0");
}

// T-12
TEST_F(ApplyTest, ARowThatIsGoneIsNoError) {
  apply({started(1, a_)});
  connection().execute("delete from Builds");
  apply({StepProgressed{.row = RowId(1), .build = a_, .state = db::StepState::building},
         finished(1, a_, db::Status::success),
         ended(a_, db::Status::success)});
  EXPECT_EQ(ask("select count(*) as x from BuildSteps"), "0");
}

TEST_F(ApplyTest, AnotherLeaderIsNotWrittenOver) {
  connection().execute("update firn.state set value = value + 1 where what = 'generation'");
  EXPECT_THROW(apply({started(1, a_)}), db::LostLead);
  EXPECT_EQ(ask("select count(*) as x from BuildSteps"), "0");
}

}  // namespace
}  // namespace firn::queue
