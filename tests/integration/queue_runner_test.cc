// SPDX-License-Identifier: Apache-2.0
// The queue runner as a site runs it: a database of Hydra's tables, builds as an evaluator adds
// them, builders over real ssh; on PostgreSQL and on SQLite.
#include "db/address.h"
#include "db/builds.h"
#include "db/connection.h"
#include "db/machine_states.h"
#include "db/schema.h"
#include "db/transaction.h"
#include "integration/farm_fixture.h"
#include "lab/postgres.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

enum class Kept : std::uint8_t { on_postgresql, on_sqlite };

class QueueRunnerTest : public FarmTest, public ::testing::WithParamInterface<Kept> {
 protected:
  void SetUp() override {
    FarmTest::SetUp();
    if (IsSkipped()) return;
    home_.emplace();
    data_ = home_->dir() / "hydra";
    fs::create_directories(data_);
    database_ = GetParam() == Kept::on_sqlite ? "sqlite:" + (data_ / "queue.sqlite").string()
                                              : cluster().create_database(new_name());
    address_.emplace(db::parse_address(database_));
    connection_ = db::connect(*address_);
    db::init_schema(*connection_);
  }

  /// Adds a build of an attribute, as an evaluator does: its derivation is rooted.
  db::BuildId add(const std::string& file, const std::string& attribute) {
    const auto made = home_->run({"nix-instantiate",
                                  file,
                                  "-A",
                                  attribute,
                                  "--add-root",
                                  (home_->dir() / ("root-" + attribute)).string()});
    EXPECT_TRUE(made.ok()) << made.describe();
    const auto drv = fs::read_symlink(home_->dir() / ("root-" + attribute)).string();
    return db::transact(*connection_, [&](db::Transaction& transaction) {
      std::vector<std::pair<std::string, std::optional<std::string>>> named;
      named.emplace_back("out", outputs(*home_, file, attribute).front());
      return db::add_build(transaction,
                           {.project = "p",
                            .jobset = "j",
                            .job = attribute,
                            .nix_name = attribute,
                            .drv_path = drv,
                            .system = "x86_64-linux",
                            .outputs = named,
                            .timestamp = WallTime(1s),
                            .priority = 0,
                            .max_silent = std::nullopt,
                            .timeout = std::nullopt});
    });
  }

  void use(const std::vector<const lab::Builder*>& builders) {
    std::ofstream(data_ / "machines") << machines(builders);
  }

  std::vector<std::string> command(std::vector<std::string> arguments = {}) const {
    std::vector<std::string> argv{FIRN_PROGRAM, "queue-runner", "--database", database_};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }

  lab::RunOptions environment() const {
    return {.env = {{"HYDRA_DATA", data_.string()},
                    {"LOGNAME", "hydra"},
                    {"NIX_REMOTE_SYSTEMS", (data_ / "machines").string()}}};
  }

  lab::Process start() { return home_->spawn(command(), environment()); }

  /// The one value of a question, as text.
  template <class... Parameters>
  std::string ask(const std::string& sql, const Parameters&... parameters) {
    const auto rows = connection_->execute("select x from (" + sql + ") as q", parameters...);
    return rows.empty() ? "nothing"
                        : rows[0].template get<std::optional<std::string>>("x").value_or("NULL");
  }

  std::string status_of(db::BuildId build) {
    return ask("select buildStatus as x from Builds where id = $1 and finished = 1", build);
  }

  bool ends(db::BuildId build) {
    return eventually([&] { return status_of(build) != "nothing"; }, 60s);
  }

  std::optional<lab::CoordinatorHost> home_;
  fs::path data_;
  std::string database_;
  std::optional<db::Address> address_;
  std::unique_ptr<db::Connection> connection_;

 private:
  static lab::Postgres& cluster() {
    static lab::Postgres cluster;
    return cluster;
  }

  static std::string new_name() {
    static int made = 0;
    return fmt::format("queue{}", ++made);
  }
};

constexpr std::string_view kGraph = R"nix(rec {
  base = mk { name = "base"; script = "echo made > $out"; };
  top = mk { name = "top"; script = "mkdir -p $out/nix-support; cat ${base} > $out/doc.txt; echo \"file doc $out/doc.txt\" > $out/nix-support/hydra-build-products; echo 'size 7 KiB' > $out/nix-support/hydra-metrics; echo rel-1 > $out/nix-support/hydra-release-name"; };
  other = mk { name = "other"; script = "cat ${base} > $out; echo more >> $out"; };
  bad = mk { name = "bad"; script = "echo no such luck; exit 3"; };
  above = mk { name = "above"; script = "cat ${bad} > $out"; };
  slow = mk { name = "slow"; script = "echo begun; sleep 600; echo > $out"; };
})nix";

TEST_P(QueueRunnerTest, BuildsWhatIsQueuedAndWritesItDown) {
  const lab::Builder builder(home_->key(), {.name = "b1"});
  use({&builder});
  const auto file = write_nix(*home_, kGraph);
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
  const auto file = write_nix(*home_, kGraph);
  const auto first = add(file, "top");
  ASSERT_TRUE(
      home_->run(command({"--build-one", std::to_string(first.value())}), environment()).ok());
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
  const auto file = write_nix(*home_, kGraph);
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
  const auto file = write_nix(*home_, kGraph);
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
  const auto file = write_nix(*home_, kGraph);
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
  const auto base = add(write_nix(*home_, kGraph), "base");
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
                         [](const auto& info) {
                           return std::string(info.param == Kept::on_sqlite ? "sqlite"
                                                                            : "postgresql");
                         });

}  // namespace
}  // namespace firn::testing
