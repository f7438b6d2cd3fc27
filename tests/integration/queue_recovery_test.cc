// SPDX-License-Identifier: Apache-2.0
// A queue runner that dies, its database that dies, and others that take over: nothing is lost, and
// nothing is done twice but what was in flight.
#include "db/leadership.h"
#include "integration/queue_fixture.h"
#include "lab/fault.h"
#include "lab/network.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class QueueRecoveryTest : public QueueFixture {
 protected:
  /// Waits until a step of the build is in this state (QR-107).
  bool is_in_state(db::BuildId build, int state) {
    return eventually(
        [&] {
          return ask("select count(*) as x from BuildSteps where build = $1 and busy = $2",
                     build,
                     state) != "0";
        },
        30s);
  }

  std::string steps_with(int status) {
    return ask("select count(*) as x from BuildSteps where busy = 0 and status = $1", status);
  }

  std::string step_count() { return ask("select count(*) as x from BuildSteps"); }

  std::string generation() {
    return ask("select value as x from firn.state where what = 'generation'");
  }
};

// QR-006, QR-002
TEST_P(QueueRecoveryTest, NothingIsTouchedWhileHydrasRunnerHasItsLock) {
  const auto build = add(write_nix(*home_, kQueueGraph), "base");
  connection_->execute(
      "insert into BuildSteps (build, stepnr, type, drvPath, busy, startTime) values ($1, 1, 0, "
      "'/nix/store/x.drv', 30, 1)",
      build);
  connection_->execute("insert into SystemStatus (what, status) values ('queue-runner', '{}')");
  fs::create_directories(data_ / "queue-runner");
  const auto file = (data_ / "queue-runner" / "lock").string();
  use({});
  {
    auto hydra = home_->spawn({"flock", "-F", file, "sh", "-c", "echo locked; exec sleep 600"});
    ASSERT_TRUE(hydra.wait_for_output("locked", 10s));
    const auto refused = home_->run(command(), environment());
    EXPECT_EQ(refused.exit_code, 3) << refused.describe();
    EXPECT_THAT(refused.err, HasSubstr(file + " is held by sleep, process "));
    EXPECT_THAT(refused.err, HasSubstr("stop Hydra's queue runner"));
    const auto unlock = home_->run(command({"--unlock"}), environment());
    EXPECT_EQ(unlock.exit_code, 2) << unlock.describe();
    EXPECT_THAT(unlock.err, HasSubstr("held by sleep"));
    EXPECT_EQ(ask("select busy as x from BuildSteps"), "30");
    EXPECT_EQ(ask("select status as x from SystemStatus"), "{}");
    EXPECT_EQ(generation(), "0");
  }
  const auto unlock = home_->run(command({"--unlock"}), environment());
  EXPECT_TRUE(unlock.ok()) << unlock.describe();
  EXPECT_EQ(ask("select status as x from BuildSteps where busy = 0 and stopTime > 1"), "3");
  EXPECT_EQ(ask("select count(*) as x from SystemStatus"), "0");
}

TEST_P(QueueRecoveryTest, ASecondRunnerStandsByAndTakesOver) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, R"nix({
    step = mk { name = "step"; script = "sleep 3; echo > $out"; };
  })nix");
  const auto build = add(file, "step");
  auto first = start();
  ASSERT_TRUE(is_in_state(build, 30)) << first.err();
  auto second = start();
  ASSERT_TRUE(second.wait_for_output("standing by", 20s)) << second.err();
  EXPECT_THAT(second.err(), HasSubstr("queue-runner/lock is held by firn, process "));
  const auto hydra =
      home_->run({"flock", "-n", (data_ / "queue-runner" / "lock").string(), "true"});
  EXPECT_EQ(hydra.exit_code, 1);
  first.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return step_count() == "2"; }, 15s)) << second.err();
  ASSERT_TRUE(ends(build)) << second.err();
  EXPECT_EQ(status_of(build), "0");
  EXPECT_EQ(generation(), "2");
  EXPECT_EQ(steps_with(3), "1");
  EXPECT_EQ(steps_with(0), "1");
}

INSTANTIATE_TEST_SUITE_P(Kept,
                         QueueRecoveryTest,
                         ::testing::Values(Kept::on_postgresql, Kept::on_sqlite),
                         name_of);

}  // namespace
}  // namespace firn::testing
