// SPDX-License-Identifier: Apache-2.0
// Every action on a SQLite file, without a runner.
#include "cli/queue_command.h"

#include "base/error.h"
#include "cli/queue_add.h"
#include "db/address.h"
#include "db/builds.h"
#include "db/schema.h"
#include "db/steps.h"
#include "support/temp_folder.h"

#include <fstream>
#include <future>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace firn::cli {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime kNow{seconds(1'800'000'000)};

WallTime ago(std::int64_t time) {
  return kNow - seconds(time);
}

std::string drv_of(const std::string& name) {
  return "/nix/store/" + std::string(32, 'a') + "-" + name + ".drv";
}

class QueueCommandTest : public ::testing::Test {
 protected:
  QueueCommandTest() { db::init_schema(*connection_); }

  template <class Work>
  auto in_transaction(Work work) {
    return db::transact(*connection_, work);
  }

  db::BuildId add(const std::string& job) {
    const db::NewBuild build{.project = "p",
                             .jobset = "j",
                             .job = job,
                             .nix_name = job,
                             .drv_path = drv_of(job),
                             .system = "x86_64-linux",
                             .outputs = {},
                             .timestamp = ago(180)};
    return in_transaction([&](db::Transaction& tx) { return db::add_build(tx, build); });
  }

  void finish(db::BuildId id, db::Status status) {
    const db::FinishedBuild end{.id = id, .status = status, .start = ago(60), .stop = ago(30)};
    in_transaction([&](db::Transaction& tx) { db::finish_builds(tx, {&end, 1}); });
  }

  void run_step(db::BuildId id,
                const std::string& name,
                std::optional<db::Status> status = {},
                std::optional<db::BuildId> from = {}) {
    const db::NewStep step{.build = id,
                           .drv_path = drv_of(name),
                           .system = "x86_64-linux",
                           .machine = "ssh://b1",
                           .start = ago(125),
                           .status = status,
                           .stop = status ? std::optional(ago(30)) : std::nullopt,
                           .propagated_from = from};
    in_transaction([&](db::Transaction& tx) { db::create_steps(tx, {&step, 1}); });
  }

  /// What `action(session)` wrote.
  template <class Action>
  std::string output(Action action, bool json = false) {
    std::ostringstream out;
    action(QueueSession{.connection = *connection_, .out = out, .json = json, .now = kNow});
    return out.str();
  }

  std::string list(const QueueList& options = {}, bool json = false) {
    return output([&](const QueueSession& session) { list_queue(session, options); }, json);
  }

  std::string steer(Steering steering,
                    std::vector<db::BuildId> builds,
                    const std::vector<std::string>& gone = {}) {
    const QueueSteer options{.steering = steering, .builds = std::move(builds)};
    return output([&](const QueueSession& session) {
      steer_queue(session, options, [&](const auto& drvs) {
        kept_ = drvs;
        return gone;
      });
    });
  }

  std::string log(const std::string& of) {
    return output([&](const QueueSession& session) {
      print_log(session, {.of = of}, folder_.path().string());
    });
  }

  std::string log_file(const std::string& name) const {
    return "build-logs/aa/" + std::string(30, 'a') + "-" + name + ".drv";
  }

  template <class Call>
  static std::string not_found(Call call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Kind::not_found);
      return error.message();
    }
    return "nothing was thrown";
  }

  firn::testing::TempFolder folder_;
  db::Address address_ = db::parse_address((folder_.path() / "queue.db").string());
  std::unique_ptr<db::Connection> connection_ = db::connect(address_);
  std::vector<std::string> kept_;
};

TEST_F(QueueCommandTest, ListsWhatWaitsAndRuns) {
  EXPECT_EQ(list(), "no builds wait or run\n");
  const auto a = add("a");
  add("b");
  run_step(a, "lib");
  const auto text = list();
  EXPECT_THAT(text, HasSubstr("p:j:a"));
  EXPECT_THAT(text, HasSubstr("preparing lib on ssh://b1 for 2min\n"));
  EXPECT_THAT(text, HasSubstr("3min"));
  EXPECT_THAT(text, HasSubstr("waits\n"));
  EXPECT_THAT(text, Not(HasSubstr("more")));
  EXPECT_EQ(list({.all = true}), text);
}

TEST_F(QueueCommandTest, ListsAHundredAndSaysHowManyThereAre) {
  for (int i = 0; i < 103; ++i)
    add("a");
  EXPECT_THAT(list(), HasSubstr("3 more; --all shows them\n"));
  EXPECT_THAT(list({.all = true}), HasSubstr("\n      103  "));
}

TEST_F(QueueCommandTest, ListsWhatEnded) {
  finish(add("a"), db::Status::timed_out);
  add("b");
  EXPECT_THAT(list({.finished = 5}), HasSubstr("timed out, 30s ago\n"));
  EXPECT_THAT(list({.finished = 5}), Not(HasSubstr("p:j:b")));
}

TEST_F(QueueCommandTest, ListsAsJson) {
  const auto a = add("a");
  run_step(a, "a");
  EXPECT_EQ(
      list({}, true),
      R"({"build":1,"bumped":0,"cached":false,"drv":")" + drv_of("a") +
          R"(","job":"a","jobset":"j","priority":0,"project":"p",)"
          R"("queued":"2027-01-15T07:57:00Z","started":null,"status":null,"steps":[{"drv":")" +
          drv_of("a") +
          R"(","machine":"ssh://b1","started":"2027-01-15T07:57:55Z","state":"preparing",)"
          R"("step":1}],"stopped":null,"system":"x86_64-linux"})"
          "\n");
}

TEST_F(QueueCommandTest, CancelsAndSaysWhatHadEnded) {
  const auto a = add("a");
  const auto b = add("b");
  finish(b, db::Status::success);
  EXPECT_EQ(steer(Steering::cancel, {a, b}), "build 1 is cancelled\nbuild 2 has ended already\n");
  EXPECT_EQ(list(), "no builds wait or run\n");
}

TEST_F(QueueCommandTest, ChangesNothingWhereOneBuildIsNotThere) {
  const auto a = add("a");
  EXPECT_THAT(not_found([&] { steer(Steering::cancel, {a, db::BuildId(99)}); }),
              HasSubstr("there is no build 99"));
  EXPECT_THAT(list(), HasSubstr("p:j:a"));
}

TEST_F(QueueCommandTest, BumpsUpAndDown) {
  const auto a = add("a");
  EXPECT_EQ(steer(Steering::bump, {a}), "build 1 is bumped\n");
  EXPECT_THAT(list(), HasSubstr("0 bumped"));
  EXPECT_EQ(steer(Steering::bump_down, {a}), "build 1 is no longer bumped\n");
  EXPECT_THAT(list(), Not(HasSubstr("bumped")));
}

TEST_F(QueueCommandTest, RestartsWithWhatFailedFromTheSameCause) {
  const auto cause = add("cause");
  const auto a = add("a");
  run_step(cause, "cause", db::Status::failed);
  run_step(a, "cause", db::Status::failed, cause);
  finish(cause, db::Status::failed);
  finish(a, db::Status::dependency_failed);
  EXPECT_EQ(steer(Steering::restart, {cause}), "build 1 is restarted\nbuild 2 is restarted\n");
  EXPECT_THAT(kept_, ElementsAre(drv_of("cause"), drv_of("a")));
  EXPECT_EQ(steer(Steering::restart, {a}), "build 2 has not ended yet\n");
}

TEST_F(QueueCommandTest, RestartsNothingWhoseDerivationIsGone) {
  const auto cause = add("cause");
  const auto a = add("a");
  run_step(a, "cause", db::Status::failed, cause);
  finish(cause, db::Status::failed);
  finish(a, db::Status::dependency_failed);
  EXPECT_THAT(not_found([&] { steer(Steering::restart, {cause}, {drv_of("cause")}); }),
              HasSubstr("build 1 cannot be restarted: its derivation " + drv_of("cause")));
  EXPECT_EQ(steer(Steering::restart, {cause}, {drv_of("a")}), "build 1 is restarted\n");
}

TEST_F(QueueCommandTest, PrintsTheLogOfABuildAndOfADerivation) {
  const auto a = add("a");
  folder_.write(log_file("a"), "one\ntwo\n");
  EXPECT_EQ(log(std::to_string(a.value())), "one\ntwo\n");
  EXPECT_EQ(log(drv_of("a")), "one\ntwo\n");
}

TEST_F(QueueCommandTest, FollowsALogUntilTheBuildEnds) {
  const auto a = add("a");
  folder_.write(log_file("a"), "one\n");
  auto builder = std::async(std::launch::async, [&] {
    const auto connection = db::connect(address_);
    std::ofstream(folder_.path() / log_file("a"), std::ios::app) << "two\n";
    const db::FinishedBuild end{
        .id = a, .status = db::Status::success, .start = ago(60), .stop = ago(30)};
    db::transact(*connection, [&](db::Transaction& tx) { db::finish_builds(tx, {&end, 1}); });
  });
  const auto text = output([&](const QueueSession& session) {
    print_log(session, {.of = "1", .follow = true}, folder_.path().string());
  });
  builder.get();
  EXPECT_EQ(text, "one\ntwo\n");
}

TEST_F(QueueCommandTest, SaysWhereALogIs) {
  add("a");
  add("b");
  run_step(db::BuildId(1), "lib", db::Status::failed);
  EXPECT_THAT(not_found([&] { log("1"); }), HasSubstr("there is no " + folder_.path().string()));
  EXPECT_THAT(not_found([&] { log("9"); }), HasSubstr("there is no build 9"));
  folder_.write(log_file("lib"), "no\n");
  EXPECT_THAT(not_found([&] { log("1"); }), HasSubstr("firn queue log " + drv_of("lib")));
  const auto compressed = folder_.write(log_file("b") + ".zst", "?");
  EXPECT_THAT(not_found([&] { log("2"); }), HasSubstr("zstdcat " + compressed.string()));
}

TEST_F(QueueCommandTest, KeepsWhatIsDecidedAboutMachines) {
  const std::vector<std::string> names{"ssh://b1", "ssh://b2"};
  const auto machines = [&](const QueueMachines& options, bool json = false) {
    return output([&](const QueueSession& session) { show_machines(session, options, names); },
                  json);
  };
  const QueueMachines drain{.decision = db::MachineDecision{.name = "ssh://b1",
                                                            .state = db::MachineState::draining,
                                                            .reason = "new disk",
                                                            .until = kNow + seconds(60)}};
  machines(drain);
  const auto text = machines({});
  EXPECT_THAT(text, HasSubstr("draining until 2027-01-15T08:01:00Z: new disk\n"));
  EXPECT_THAT(text, HasSubstr("enabled\n"));
  EXPECT_THAT(machines({}, true),
              HasSubstr(R"({"machine":"ssh://b2","reason":null,"state":"enabled","until":null})"));
  EXPECT_THAT(not_found([&] { machines({.decision = db::MachineDecision{.name = "ssh://b3"}}); }),
              HasSubstr("did you mean ssh://b"));
  machines({.decision = db::MachineDecision{.name = "ssh://b1"}});
  EXPECT_THAT(machines({}), Not(HasSubstr("draining")));
}

TEST_F(QueueCommandTest, AddsABuildAsItsDerivationSays) {
  const nix::DrvPath drv(nix::parse_store_path(drv_of("hello-2.12")));
  const auto out = nix::parse_store_path("/nix/store/" + std::string(32, 'b') + "-hello-2.12");
  nix::Derivation derivation;
  derivation.platform = "aarch64-linux";
  derivation.outputs.emplace("out", nix::DerivationOutput::input_addressed(out));
  const auto build = new_build(drv, derivation, {.job = "", .priority = 4}, kNow);
  EXPECT_EQ(build.project + ":" + build.jobset + ":" + build.job, "firn:queue:hello-2.12");
  EXPECT_EQ(build.drv_path, drv.str());
  EXPECT_EQ(build.system, "aarch64-linux");
  EXPECT_EQ(build.priority, 4);
  EXPECT_THAT(build.outputs, ElementsAre(::testing::Pair("out", out.str())));
  EXPECT_EQ(new_build(drv, derivation, {.job = "mine"}, kNow).job, "mine");
}

}  // namespace
}  // namespace firn::cli
