// SPDX-License-Identifier: Apache-2.0
#include "farm/run.h"

#include "support/farm_run.h"

#include <algorithm>
#include <string>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;
using sched::FailureClass;
using testing::drv_path;
using testing::output_of;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;
using Outcome = sched::Verdict::Outcome;

std::vector<FailureClass> every_try(FailureClass failure) {
  return std::vector(std::size_t{sched::policy_of(failure).max_tries}, failure);
}

class RunTest : public testing::FarmRunTest {
 public:
  void build_everywhere(const ScriptedServer::Build& build) { b1.build = b2.build = build; }
};

TEST_F(RunTest, BuildsAGraphAndBringsItBack) {
  store.hold(stored("libc"));
  store.hold(stored("source.c", {store_path("libc")}));
  add({.name = "lib", .outputs = {"dev", "out"}, .sources = {store_path("source.c")}});
  add({.name = "a", .inputs = {{"lib", {"dev"}}}});
  add({.name = "b", .inputs = {{"lib", {"dev", "out"}}}});
  add({.name = "app", .inputs = {{"a", {"out"}}, {"b", {"out"}}}});
  const auto counts = build({"app"});
  EXPECT_EQ(counts.succeeded, 4U);
  for (const auto& path :
       {output_of("lib"), output_of("lib", "dev"), output_of("a"), output_of("app")})
    EXPECT_TRUE(has(path)) << path.str();
  EXPECT_TRUE(failures().empty());
}

TEST_F(RunTest, TellsItsStoryInOrder) {
  add({.name = "a"});
  build({"a"});
  ASSERT_FALSE(events.all().empty());
  EXPECT_TRUE(std::holds_alternative<PlanMade>(events.all().front()));
  EXPECT_TRUE(std::holds_alternative<RunEnded>(events.all().back()));
  EXPECT_EQ(events.of<PlanMade>().at(0).steps.size(), 1U);
  EXPECT_EQ(events.of<PlanMade>().at(0).machines.size(), 2U);
  std::vector<sched::Phase> phases;
  for (const auto& entered : events.of<PhaseEntered>())
    phases.push_back(entered.phase);
  EXPECT_EQ(phases,
            (std::vector{sched::Phase::building,
                         sched::Phase::waiting_for_transfer_slot,
                         sched::Phase::receiving_outputs,
                         sched::Phase::publishing}));
  EXPECT_EQ(events.of<AttemptStarted>().size(), 1U);
  EXPECT_EQ(events.of<AttemptEnded>().at(0).verdict.outcome, Outcome::succeeded);
}

TEST_F(RunTest, NothingToBuildNeedsNobody) {
  add({.name = "a"});
  store.hold(stored(output_of("a"), testing::nar_of("a")));
  build({"a"});
  EXPECT_EQ(b1.opened + b2.opened, 0U);
  EXPECT_EQ(events.of<PlanMade>().at(0).already_valid, 1U);
}

TEST_F(RunTest, AChainUsesItsSessionAgain) {
  machines.pop_back();
  add({.name = "n0"});
  for (int i = 1; i < 10; ++i)
    add({.name = "n" + std::to_string(i), .inputs = {{"n" + std::to_string(i - 1), {"out"}}}});
  build({"n9"});
  EXPECT_EQ(b1.opened, 1U);
  EXPECT_EQ(b1.builds.size(), 10U);
  EXPECT_TRUE(b1.added.empty()) << "what was built there is not sent there";
}

TEST_F(RunTest, AFailureStopsTheRest) {
  options.scheduling.keep_going = false;
  machines = {{"ssh://b1 x86_64-linux - 1", [this] { return b1.connector(); }}};
  build_everywhere(testing::fail_building);
  add({.name = "bad"});
  add({.name = "good"});
  add({.name = "app", .inputs = {{"bad", {"out"}}, {"good", {"out"}}}});
  const auto counts = build({"app"});
  EXPECT_EQ(failures(), std::vector{FailureClass::build_failed});
  EXPECT_EQ(b1.builds.size(), 1U);
  EXPECT_EQ(counts.succeeded, 0U);
}

TEST_F(RunTest, WithKeepGoingTheOthersAreBuilt) {
  build_everywhere(
      [](auto& server, auto& session, const auto& request) -> aio::Task<nix::BuildResult> {
        return request.drv_path == drv_path("bad")
                   ? testing::fail_building(server, session, request)
                   : ScriptedServer::build_everything(server, session, request);
      });
  add({.name = "bad"});
  add({.name = "good"});
  add({.name = "falls", .inputs = {{"bad", {"out"}}}});
  add({.name = "app", .inputs = {{"falls", {"out"}}, {"good", {"out"}}}});
  add({.name = "other", .inputs = {{"good", {"out"}}}});
  const auto counts = build({"app", "other"});
  EXPECT_TRUE(has(output_of("good")));
  EXPECT_TRUE(has(output_of("other")));
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.dependency_failed, 2U);
  const auto ended = events.of<AttemptEnded>();
  const auto failed = std::ranges::find_if(
      ended, [](const auto& e) { return e.verdict.outcome == Outcome::failed; });
  ASSERT_NE(failed, ended.end());
  EXPECT_EQ(failed->verdict.fallen.size(), 2U);
  EXPECT_EQ(failed->message, "builder for '" + drv_path("bad").str() + "' failed with exit code 1");
  EXPECT_EQ(failed->log_tail, (std::vector<std::string>{"compiling", "no such luck"}));
  EXPECT_EQ(failed->log_file, logs.path() / (drv_path("bad").path().base_name() + ".1.log"));
}

TEST_F(RunTest, ALostMachinesStepGoesToAnother) {
  build_everywhere(testing::once(testing::die_building));
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(failures(), std::vector{FailureClass::machine_lost});
  EXPECT_EQ(b1.builds.size(), 1U);
  EXPECT_EQ(b2.builds.size(), 1U);
  const auto started = events.of<AttemptStarted>();
  ASSERT_EQ(started.size(), 2U);
  EXPECT_NE(started[0].machine, started[1].machine);
  EXPECT_EQ(started[1].try_number, 2U);
  EXPECT_EQ(events.of<AttemptEnded>().at(0).message,
            "ssh://b1 ended the conversation; its last line: error: the power has gone");
}

aio::Task<nix::BuildResult> fill_the_disk(ScriptedServer& /*server*/,
                                          testing::ScriptedSession& /*session*/,
                                          const wire::BuildDerivation& /*request*/) {
  throw Error(Kind::internal, "writing to file: No space left on device");
  co_return nix::BuildResult();
}

TEST_F(RunTest, AServerThatDiesOfAFullDiskSaysSoInItsLog) {
  build_everywhere(testing::once(fill_the_disk));
  add({.name = "a"});
  EXPECT_EQ(build({"a"}).succeeded, 1U);
  EXPECT_EQ(failures(), std::vector{FailureClass::disk_full});
}

/// Nix looks for bytes only, and calls this the build's own failure.
aio::Task<nix::BuildResult> run_out_of_inodes(ScriptedServer& /*server*/,
                                              testing::ScriptedSession& session,
                                              const wire::BuildDerivation& /*request*/) {
  session.diagnostics.print("touch: cannot touch '1': No space left on device\n");
  nix::BuildResult result;
  result.status = nix::BuildStatus::permanent_failure;
  result.error_message = "builder failed with exit code 123";
  co_return result;
}

TEST_F(RunTest, ABuildWithoutRoomIsNoFailedBuild) {
  build_everywhere(testing::once(run_out_of_inodes));
  add({.name = "a"});
  EXPECT_EQ(build({"a"}).succeeded, 1U);
  EXPECT_EQ(failures(), std::vector{FailureClass::disk_full});
  EXPECT_EQ(events.of<AttemptEnded>().at(0).message,
            "builder failed with exit code 123; its log: "
            "touch: cannot touch '1': No space left on device");
}

/// Builds well, and then the bytes change under it.
aio::Task<nix::BuildResult> build_and_rot(ScriptedServer& server,
                                          testing::ScriptedSession& session,
                                          const wire::BuildDerivation& request) {
  const auto result = co_await ScriptedServer::build_everything(server, session, request);
  auto& nar = server.paths.at(result.built_outputs.at("out").out_path).nar;
  nar[nar.find("/nix/store")] = '#';
  co_return result;
}

TEST_F(RunTest, AWrongNarIsNotPublished) {
  build_everywhere(testing::once(build_and_rot));
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(failures(), std::vector{FailureClass::protocol_error});
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(store.added, std::vector{output_of("a")});
  EXPECT_EQ(store.paths.at(output_of("a")).nar.find('#'), std::string::npos);
}

TEST_F(RunTest, AStepThatNobodySupportsIsGivenUpFirst) {
  add({.name = "arm", .system = "aarch64-linux"});
  add({.name = "falls", .inputs = {{"arm", {"out"}}}});
  add({.name = "good"});
  const auto counts = build({"falls", "good"});
  EXPECT_EQ(counts.succeeded, 1U);
  const auto ended = events.of<StepsEnded>();
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].state, sched::StepState::aborted);
  EXPECT_NE(ended[0].reason.find("aarch64-linux"), std::string::npos) << ended[0].reason;
  EXPECT_EQ(ended[1].state, sched::StepState::dependency_failed);
}

TEST_F(RunTest, AnInputIsSentOnceToAMachine) {
  machines = {{"ssh://b1 x86_64-linux - 8", [this] { return b1.connector(); }}};
  b1.capacity = 64;
  store.hold(stored("libc"));
  store.hold(
      stored(store_path("big"), testing::nar_of(std::string(3000, 'x')), {store_path("libc")}));
  std::vector<std::string> names;
  for (int i = 0; i < 8; ++i) {
    names.push_back("n" + std::to_string(i));
    add({.name = names.back(), .sources = {store_path(i % 2 == 0 ? "big" : "libc")}});
  }
  const auto counts = build(names);
  EXPECT_EQ(counts.succeeded, 8U);
  EXPECT_FALSE(b1.collided);
  EXPECT_EQ(b1.added.size(), 2U);
}

TEST_F(RunTest, AnInputThatChangedOnDiskIsNoFaultOfTheMachine) {
  store.hold(stored("source.c"));
  store.paths.at(store_path("source.c")).info.nar_size += ByteCount(8);
  add({.name = "a", .sources = {store_path("source.c")}});
  const auto counts = build({"a"});
  EXPECT_EQ(counts.aborted, 1U);
  EXPECT_EQ(failures(), every_try(FailureClass::input_missing));
  EXPECT_TRUE(events.of<MachineOut>().empty());
}

TEST_F(RunTest, OurOwnStoresFailureIsNoFaultOfTheMachine) {
  store.failures = {{0, Error(Kind::unavailable, "the local store has gone")},
                    {1, Error(Kind::resource, "No space left on device")}};
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(failures(), std::vector(2, FailureClass::destination_down));
  EXPECT_EQ(counts.succeeded, 1U);
}

TEST_F(RunTest, AMachineThatDiesWhileItAnswersIsBlamed) {
  b1.tamper = b2.tamper = testing::cut_off(wire::Command::dump_store_path, 20);
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(counts.aborted, 1U);
  EXPECT_EQ(failures(), every_try(FailureClass::machine_lost));
  EXPECT_TRUE(store.added.empty());
}

TEST_F(RunTest, AMachineThatFallsSilentIsBlamed) {
  machines.pop_back();
  step = 30s;
  b1.tamper = testing::fall_silent(wire::Command::dump_store_path, 20);
  options.scheduling.seed = 1;
  add({.name = "a"});
  build({"a"});
  EXPECT_EQ(failures().front(), FailureClass::transfer_stalled);
}

struct Lie {
  std::string what;
  ScriptedServer::Build build;
};

aio::Task<nix::BuildResult> build_nothing(ScriptedServer& /*server*/,
                                          testing::ScriptedSession& /*session*/,
                                          const wire::BuildDerivation& /*request*/) {
  nix::BuildResult result;
  result.status = nix::BuildStatus::built;
  co_return result;
}

aio::Task<nix::BuildResult> build_with_a_stranger(ScriptedServer& server,
                                                  testing::ScriptedSession& session,
                                                  const wire::BuildDerivation& request) {
  const auto result = co_await ScriptedServer::build_everything(server, session, request);
  server.paths.at(result.built_outputs.at("out").out_path).info.references = {
      store_path("stranger")};
  co_return result;
}

TEST_F(RunTest, OutputsThatCannotBeRightAreRefused) {
  for (const Lie& lie : {Lie{"not there", build_nothing},
                         Lie{"refers to what is no input", build_with_a_stranger}}) {
    build_everywhere(testing::once(lie.build));
    add({.name = lie.what.substr(0, 3)});
    events.clear();
    build({lie.what.substr(0, 3)});
    EXPECT_EQ(failures(), std::vector{FailureClass::protocol_error}) << lie.what;
  }
}

/// `out` refers to `dev`.
aio::Task<nix::BuildResult> build_siblings(ScriptedServer& server,
                                           testing::ScriptedSession& session,
                                           const wire::BuildDerivation& request) {
  auto result = co_await ScriptedServer::build_everything(server, session, request);
  if (request.drv_path == drv_path("lib"))
    server.paths.at(output_of("lib")).info.references = {output_of("lib", "dev")};
  co_return result;
}

TEST_F(RunTest, ASiblingThatIsThereAlreadyStays) {
  build_everywhere(build_siblings);
  add({.name = "lib", .outputs = {"dev", "out"}});
  add({.name = "app", .inputs = {{"lib", {"out"}}}});
  store.hold(stored(output_of("lib", "dev"), testing::nar_of("of another day")));
  const auto counts = build({"app"});
  EXPECT_EQ(counts.succeeded, 2U);
  EXPECT_EQ(store.added, (std::vector{output_of("lib"), output_of("app")}));
}

TEST_F(RunTest, SiblingsComeInTheOrderOfTheirReferences) {
  build_everywhere(build_siblings);
  add({.name = "lib", .outputs = {"dev", "out"}});
  build({"lib"});
  EXPECT_EQ(store.added, (std::vector{output_of("lib", "dev"), output_of("lib")}));
}

TEST_F(RunTest, ABuildThatOutlivesItsLimitHasTimedOut) {
  step = 20s;
  options.timeout = 5s;
  build_everywhere(testing::never_finish);
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(failures(), std::vector{FailureClass::timed_out});
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(b1.builds.at(0).options.build_timeout, 5s);
}

TEST_F(RunTest, ABuildThatPrintsTooMuchIsStoppedHere) {
  options.log_limits.ceiling = ByteCount(20);
  build_everywhere([](auto& server, auto& session, const auto& request) {
    session.diagnostics.print("12345678901\nstill here\n");
    return testing::never_finish(server, session, request);
  });
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(failures(), std::vector{FailureClass::log_too_big});
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(b1.builds.at(0).options.max_log_size.value(), 20U);
  const auto ended = events.of<AttemptEnded>().at(0);
  EXPECT_EQ(ended.message, "the build printed more than 20 bytes");
  EXPECT_EQ(ended.log_tail, (std::vector<std::string>{"12345678901", "still here"}));
}

TEST_F(RunTest, OfALongLogTheMiddleIsLeftOut) {
  options.log_limits = {.head = ByteCount(4), .tail = ByteCount(4), .ceiling = ByteCount(1000)};
  build_everywhere([](auto& server, auto& session, const auto& request) {
    session.diagnostics.print("one\ntwo\nend\n");
    return ScriptedServer::build_everything(server, session, request);
  });
  add({.name = "a"});
  build({"a"});
  EXPECT_EQ(logs.read(std::filesystem::path(events.of<AttemptEnded>().at(0).log_file).filename()),
            "one\n[firn: 4 bytes left out here]\nend\n");
}

TEST_F(RunTest, ASilenceThatTheBuilderDoesNotEndIsTriedElsewhere) {
  step = 20s;
  options.max_silent_time = 5s;
  build_everywhere(testing::never_finish);
  add({.name = "a"});
  const auto counts = build({"a"});
  EXPECT_EQ(failures(),
            (std::vector{FailureClass::silent_by_our_clock, FailureClass::silent_by_our_clock}));
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(b1.builds.size(), 1U);
  EXPECT_EQ(b2.builds.size(), 1U);
  EXPECT_EQ(events.of<AttemptEnded>().at(0).message,
            "building (ssh://b1) stood still for 605 s (0 bytes had moved); 312 bytes were sent in "
            "all, 0 came back");
}

TEST_F(RunTest, ABugEndsTheRun) {
  store.before_infos = [] { throw Bug("as the test wants"); };
  store.hold(stored("source.c"));
  add({.name = "a", .sources = {store_path("source.c")}});
  add({.name = "b"});
  build_everywhere(testing::never_finish);
  EXPECT_THROW(build({"a", "b"}), Error);
  loop.run(testing::settle());
  EXPECT_EQ(b1.alive + b2.alive, 0U);
}

class ClosedDoor final : public transport::Connector {
 public:
  aio::Task<std::unique_ptr<transport::Link>> open() override {
    throw Error(Kind::permission, "b1 does not let us in");
    co_return nullptr;
  }

  bool learn_refusal(const transport::Link&, std::string_view) override { return false; }

  aio::Task<void> close() override { co_return; }
};

TEST_F(RunTest, AMachineThatLetsNobodyInIsLeftOut) {
  machines[0].connect = [] { return std::make_unique<ClosedDoor>(); };
  for (const char* name : {"a", "b", "c", "d"})
    add({.name = name});
  const auto counts = build({"a", "b", "c", "d"});
  EXPECT_EQ(counts.succeeded, 4U);
  EXPECT_EQ(b2.builds.size(), 4U);
  ASSERT_FALSE(events.of<MachineOut>().empty());
  EXPECT_EQ(events.of<MachineOut>().back().reason, "b1 does not let us in");
}

TEST_F(RunTest, WithoutAnyMachineLeftEverythingIsGivenUp) {
  machines.pop_back();
  machines[0].connect = [] { return std::make_unique<ClosedDoor>(); };
  add({.name = "a"});
  add({.name = "app", .inputs = {{"a", {"out"}}}});
  const auto counts = build({"app"});
  EXPECT_EQ(counts.succeeded, 0U);
  EXPECT_TRUE(events.of<RunEnded>().size() == 1);
}

TEST_F(RunTest, ThisMachineBuildsInPlace) {
  machines = {{"ssh://localhost x86_64-linux - 2", [this] { return b1.connector(); }}};
  store.hold(stored("source.c"));
  b1.hold(stored("source.c"));
  add({.name = "a", .sources = {store_path("source.c")}});
  const auto counts = build({"a"});
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(b1.requests, std::vector{wire::Command::build_derivation});
  EXPECT_TRUE(store.added.empty());
}

TEST_F(RunTest, ThisMachineBuildsByTheDerivationWhereItIsNotTrusted) {
  store.trusts = false;
  machines = {{"ssh://localhost x86_64-linux - 2", [this] { return b1.connector(); }}};
  add({.name = "a"});
  build({"a"});
  EXPECT_EQ(b1.requests, std::vector{wire::Command::build_paths});
}

TEST_F(RunTest, OldMachinesServeAsWell) {
  for (std::uint8_t minor = 1; minor <= 8; ++minor) {
    b1.version = b2.version = wire::ServeVersion(minor);
    const std::string name = "v" + std::to_string(minor);
    store.hold(stored("source-" + name));
    add({.name = name, .sources = {store_path("source-" + name)}});
    const auto counts = build({name});
    EXPECT_EQ(counts.succeeded, 1U) << int(minor);
    EXPECT_TRUE(has(output_of(name))) << int(minor);
  }
}

}  // namespace
}  // namespace firn::farm
