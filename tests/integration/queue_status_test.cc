// SPDX-License-Identifier: Apache-2.0
// What a queue runner tells of itself: its status in the database and over HTTP, metrics, and why
// steps wait; on PostgreSQL and on SQLite.
#include "db/channels.h"
#include "db/transaction.h"
#include "integration/queue_fixture.h"

#include <chrono>
#include <csignal>
#include <set>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class QueueStatusTest : public QueueFixture {
 protected:
  lab::Process start_with_metrics() {
    return home_->spawn(command({"--prometheus-address", fmt::format("127.0.0.1:{}", port_)}),
                        environment());
  }

  std::string fetch(std::string_view path) {
    return home_
        ->run({"curl", "-sS", "--max-time", "5", fmt::format("http://127.0.0.1:{}{}", port_, path)})
        .out;
  }

  /// What Hydra's page reads.
  json row() {
    return json::parse(ask("select status as x from SystemStatus where what = 'queue-runner'"));
  }

  bool is_building(db::BuildId build) {
    return eventually(
        [&] { return ask("select busy as x from BuildSteps where build = $1", build) == "30"; },
        60s);
  }

  /// Below those that the system gives out, and another one in each test that runs beside this.
  const int port_ = 20'000 + (::getpid() % 10'000);
};

// QR-180, QR-003
TEST_P(QueueStatusTest, TheStatusIsInTheDatabaseAndOverHttp) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kQueueGraph);
  EXPECT_EQ(home_->run(command({"--status"}), environment()).out, "{\"status\":\"down\"}\n");
  const auto base = add(file, "base");
  auto runner = start_with_metrics();
  ASSERT_TRUE(ends(base)) << runner.err();
  const auto slow = add(file, "slow");
  ASSERT_TRUE(is_building(slow)) << runner.err();

  const auto status = json::parse(fetch("/status"));
  EXPECT_EQ(status["status"], "up");
  EXPECT_EQ(status["nrQueuedBuilds"], 1);
  EXPECT_EQ(status["nrBuildsDone"], 1);
  EXPECT_EQ(status["nrStepsDone"], 1);
  EXPECT_EQ(status["nrStepsBuilding"], 1);
  EXPECT_EQ(status["firn"]["why"]["running"], 1);
  EXPECT_GE(status["nrDbConnections"], 3);
  EXPECT_EQ(status["jobsets"].items().begin().key(), "p:j");
  const auto name = fmt::format("ssh://root@127.0.0.1:{}", builder.sshd().port());
  EXPECT_EQ(status["machines"][name]["currentJobs"], 1);
  EXPECT_EQ(status["machineTypes"]["x86_64-linux"]["running"], 1);
  EXPECT_THAT(fetch("/metrics"),
              AllOf(HasSubstr("\nhydraqueuerunner_builds_unfinished 1\n"),
                    HasSubstr("\nfirn_unfinished_steps{reason=\"running\"} 1\n"),
                    HasSubstr("\nfirn_phase_seconds_count{phase=\"building\"} 1\n"),
                    HasSubstr("\nfirn_alarms_total 0\n")));
  EXPECT_THAT(fetch("/other"), HasSubstr("no such page"));

  EXPECT_EQ(row()["status"], "up");
  const auto asked = json::parse(home_->run(command({"--status"}), environment()).out);
  EXPECT_EQ(asked["nrStepsBuilding"], GetParam() == Kept::on_sqlite ? 0 : 1);
}

TEST_P(QueueStatusTest, ARunnerThatLeavesTakesItsStatusWithIt) {
  use({});
  auto runner = start();
  ASSERT_TRUE(
      eventually([&] { return ask("select what as x from SystemStatus") != "nothing"; }, 30s))
      << runner.err();
  runner.signal(SIGTERM);
  EXPECT_TRUE(runner.wait(30s).ok());
  EXPECT_EQ(ask("select what as x from SystemStatus"), "nothing");
}

INSTANTIATE_TEST_SUITE_P(Kept,
                         QueueStatusTest,
                         ::testing::Values(Kept::on_postgresql, Kept::on_sqlite),
                         name_of);

}  // namespace
}  // namespace firn::testing
