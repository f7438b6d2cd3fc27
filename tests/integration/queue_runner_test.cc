// SPDX-License-Identifier: Apache-2.0
// The queue runner as a site runs it: a database of Hydra's tables, builds as an evaluator adds
// them, builders over real ssh; on PostgreSQL and on SQLite.
#include "db/machine_states.h"
#include "db/transaction.h"
#include "integration/queue_fixture.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class QueueRunnerTest : public QueueFixture {};

TEST_P(QueueRunnerTest, BuildsWhatIsQueuedAndWritesItDown) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kQueueGraph);
  const auto top = add(file, "top");
  auto runner = start();
  ASSERT_TRUE(ends(top)) << runner.err();
  // What comes while it runs is heard of.
  const auto other = add(file, "other");
  ASSERT_TRUE(ends(other)) << runner.err();
  runner.signal(SIGTERM);
  const auto outcome = runner.wait(30s);
  EXPECT_TRUE(outcome.ok()) << outcome.describe();

  EXPECT_EQ(status_of(top), "0");
  EXPECT_EQ(status_of(other), "0");
  const auto out = outputs(*home_, file, "top").front();
  EXPECT_TRUE(home_->verify_path(out));
  EXPECT_TRUE(builder.host().verify_path(out));
  EXPECT_EQ(ask("select count(*) as x from BuildSteps where status = 0 and busy = 0"), "3");
  EXPECT_THAT(ask("select machine as x from BuildSteps where build = $1 and stepnr = 1", top),
              HasSubstr(std::to_string(builder.sshd().port())));
  EXPECT_EQ(ask("select path as x from BuildStepOutputs where build = $1 and stepnr = 2", top),
            out);
  EXPECT_EQ(ask("select name as x from BuildProducts where build = $1", top), "doc.txt");
  EXPECT_EQ(ask("select fileSize as x from BuildProducts where build = $1", top), "5");
  EXPECT_EQ(ask("select unit as x from BuildMetrics where build = $1", top), "KiB");
  EXPECT_EQ(ask("select releaseName as x from Builds where id = $1", top), "rel-1");
  EXPECT_EQ(ask("select isCachedBuild as x from Builds where id = $1", top), "0");
  EXPECT_EQ(ask("select count(*) as x from Builds where size > 0 and closureSize >= size"), "2");
  EXPECT_EQ(ask("select count(*) as x from Builds where notificationPendingSince > 0"), "2");
  // QR-170
  const auto roots = home_->outside("/nix/var/nix/gcroots/per-user/hydra/hydra-roots");
  EXPECT_TRUE(fs::exists(roots / fs::path(out).filename())) << roots;
}

// QR-073
TEST_P(QueueRunnerTest, WhatIsThereIsACachedBuild) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kQueueGraph);
  const auto first = add(file, "top");
  const auto recording = (data_ / "schedule").string();
  ASSERT_TRUE(
      home_
          ->run(command(
                    {"--build-one", std::to_string(first.value()), "--record-schedule", recording}),
                environment())
          .ok());
  // The simulator decides the same again.
  const auto replay = home_->run({firn_program(), "simulate", "--replay", recording});
  EXPECT_TRUE(replay.ok()) << replay.describe();
  EXPECT_THAT(replay.out, HasSubstr("2 starts of 2 steps: decided as recorded"));
  const auto second = add(file, "top");
  const auto outcome =
      home_->run(command({"--build-one", std::to_string(second.value())}), environment());
  EXPECT_TRUE(outcome.ok()) << outcome.describe();
  EXPECT_EQ(status_of(second), "0");
  EXPECT_EQ(ask("select isCachedBuild as x from Builds where id = $1", second), "1");
  EXPECT_EQ(ask("select count(*) as x from BuildProducts where build = $1", second), "1");
  EXPECT_EQ(ask("select count(*) as x from BuildSteps where build = $1", second), "0");
}

// QR-113, QR-068
TEST_P(QueueRunnerTest, AFailureIsWrittenForAllWhoNeedItAndRemembered) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kQueueGraph);
  const auto bad = add(file, "bad");
  const auto above = add(file, "above");
  auto runner = start();
  ASSERT_TRUE(ends(bad) && ends(above)) << runner.err();
  EXPECT_EQ(status_of(bad), "1");
  EXPECT_EQ(status_of(above), "2");
  EXPECT_EQ(ask("select propagatedFrom as x from BuildSteps where build = $1", above),
            std::to_string(bad.value()));
  EXPECT_EQ(ask("select path as x from FailedPaths"), outputs(*home_, file, "bad").front());
  // QR-120
  const auto drv = fs::path(ask("select drvPath as x from Builds where id = $1", bad)).filename();
  std::ifstream log(data_ / "build-logs" / drv.string().substr(0, 2) / drv.string().substr(2));
  std::string line;
  std::getline(log, line);
  EXPECT_EQ(line, "no such luck");
  const auto again = add(file, "above");
  ASSERT_TRUE(ends(again)) << runner.err();
  EXPECT_EQ(status_of(again), "2");
  EXPECT_EQ(ask("select status as x from BuildSteps where build = $1", again), "8");
  EXPECT_EQ(ask("select isCachedBuild as x from Builds where id = $1", again), "1");
}

// QR-075
TEST_P(QueueRunnerTest, ACancelledBuildIsStoppedOnItsMachine) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kQueueGraph);
  const auto slow = add(file, "slow");
  auto runner = start();
  ASSERT_TRUE(eventually(
      [&] { return ask("select busy as x from BuildSteps where build = $1", slow) == "30"; }, 60s))
      << runner.err();
  connection_->execute(
      "update Builds set finished = 1, buildStatus = 4, startTime = 1, stopTime = 2 where id = $1",
      slow);
  EXPECT_TRUE(eventually(
      [&] { return ask("select status as x from BuildSteps where build = $1", slow) == "4"; }, 30s))
      << runner.err();
  EXPECT_TRUE(eventually([&] { return builder.host().find("sleep", "600").empty(); }, 10s));
  EXPECT_EQ(status_of(slow), "4");
}

// QR-010, mended: what ran is written as aborted, and its build stays queued.
TEST_P(QueueRunnerTest, AStoppedRunnerLeavesItsBuildsQueued) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kQueueGraph);
  const auto slow = add(file, "slow");
  auto runner = home_->spawn(command({"--drain", "0"}), environment());
  ASSERT_TRUE(eventually(
      [&] { return ask("select busy as x from BuildSteps where build = $1", slow) == "30"; }, 60s))
      << runner.err();
  runner.signal(SIGTERM);
  EXPECT_TRUE(runner.wait(30s).ok());
  EXPECT_EQ(ask("select status as x from BuildSteps where build = $1", slow), "3");
  EXPECT_EQ(ask("select finished as x from Builds where id = $1", slow), "0");
  EXPECT_TRUE(eventually([&] { return is_idle(builder.host()); }, 10s));
}

TEST_P(QueueRunnerTest, AMachineThatIsSwitchedOffTakesNothing) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto decide = [&](db::MachineState state) {
    const auto name = fmt::format("ssh://root@127.0.0.1:{}", builder.sshd().port());
    db::transact(*connection_, [&](db::Transaction& transaction) {
      db::set_machine_state(transaction, {.name = name, .state = state, .until = std::nullopt});
    });
  };
  decide(db::MachineState::disabled);
  const auto base = add(write_nix(*home_, kQueueGraph), "base");
  auto runner = start();
  EXPECT_FALSE(eventually([&] { return status_of(base) != "nothing"; }, 3s));
  EXPECT_EQ(ask("select count(*) as x from BuildSteps"), "0");
  decide(db::MachineState::enabled);
  ASSERT_TRUE(ends(base)) << runner.err();
  EXPECT_EQ(status_of(base), "0");
}

// QR-011: and only what was in flight is done again.
TEST_P(QueueRunnerTest, AfterKillNineTheNextRunnerGoesOn) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, R"nix(rec {
    base = mk { name = "base"; script = "echo made > $out"; };
    top = mk { name = "top"; script = "cat ${base} > $out; sleep 4"; };
  })nix");
  const auto top = add(file, "top");
  {
    auto runner = start();
    ASSERT_TRUE(eventually(
        [&] {
          return ask("select busy as x from BuildSteps where build = $1 and stepnr = 2", top) ==
                 "30";
        },
        60s))
        << runner.err();
    runner.signal(SIGKILL);
    runner.wait(10s);
  }
  auto runner = start();
  ASSERT_TRUE(ends(top)) << runner.err();
  EXPECT_EQ(status_of(top), "0");
  EXPECT_EQ(ask("select count(*) as x from BuildSteps where build = $1", top), "3");
  EXPECT_EQ(ask("select status as x from BuildSteps where build = $1 and stepnr = 2", top), "3");
  EXPECT_EQ(ask("select count(*) as x from BuildSteps where busy != 0"), "0");
}

INSTANTIATE_TEST_SUITE_P(Kept,
                         QueueRunnerTest,
                         ::testing::Values(Kept::on_postgresql, Kept::on_sqlite),
                         name_of);

}  // namespace
}  // namespace firn::testing
