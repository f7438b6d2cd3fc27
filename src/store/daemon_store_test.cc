// SPDX-License-Identifier: Apache-2.0
#include "store/daemon_store.h"

#include "support/run.h"
#include "support/scripted_daemon.h"
#include "support/temp_folder.h"

#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace worker = wire::worker;
using testing::drv_path;
using testing::error_of;
using testing::ScriptedDaemon;
using testing::store_path;
using testing::stored;
using testing::version_of;
using worker::Operation;

class DaemonStoreTest : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(DaemonStoreTest&, DaemonStore&);

  void tell(Story story) { loop.run(tell_all(story)); }

  void tell_slowly(Story story) {
    loop.run(testing::while_time_passes(loop, 10s, tell_all(story)));
  }

  void speak(int minor) { daemon.protocol = {.version = version_of(minor), .features = {}}; }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedDaemon daemon{loop};

 private:
  aio::Task<void> tell_all(Story story) {
    DaemonStore store(loop, daemon.connector());
    co_await story(*this, store);
    co_await store.close();
    co_await testing::settle();
    EXPECT_TRUE(daemon.alive.empty()) << "connections are left";
    EXPECT_TRUE(daemon.connector_closed);
  }
};

TEST_F(DaemonStoreTest, LocksValidOrNot) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const nix::StorePathSet both{store_path("a"), store_path("b")};
    EXPECT_EQ(co_await store.lock(both), nix::StorePathSet{store_path("a")});
    EXPECT_TRUE(t.daemon.is_rooted(store_path("a")) && t.daemon.is_rooted(store_path("b")));
    t.daemon.hold(stored("b"));
    EXPECT_EQ(co_await store.lock(both), both);
    EXPECT_EQ(t.daemon.count(Operation::add_temp_root), 2U);
    co_await store.lock(both);
    EXPECT_EQ(t.daemon.count(Operation::query_valid_paths), 2U) << "what is held stays valid";
  });
}

TEST_F(DaemonStoreTest, ValidityNeedsNoRoot) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    EXPECT_EQ(co_await store.valid({store_path("a"), store_path("b")}),
              nix::StorePathSet{store_path("a")});
    EXPECT_FALSE(t.daemon.is_rooted(store_path("a")));
  });
}

TEST_F(DaemonStoreTest, ALostLedgerIsReplacedWithAllItsRoots) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    co_await store.lock({store_path("a")});
    co_await store.lock({store_path("b")});
    t.daemon.cut = {Operation::query_path_info, 3};
    EXPECT_TRUE(co_await error_of(store.closure({store_path("a")})));
    co_await testing::settle();
    EXPECT_FALSE(t.daemon.is_rooted(store_path("b")));
    t.daemon.cut.reset();
    EXPECT_EQ((co_await store.closure({store_path("a")})).size(), 1U);
    EXPECT_TRUE(t.daemon.is_rooted(store_path("a")) && t.daemon.is_rooted(store_path("b")));
    EXPECT_EQ(t.daemon.opened, 2U);
  });
}

TEST_F(DaemonStoreTest, WhatWasCollectedMeanwhileIsNotBelieved) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    co_await store.lock({store_path("a")});
    t.daemon.cut = {Operation::query_valid_paths, 3};
    EXPECT_TRUE(co_await error_of(store.lock({store_path("b")})));
    t.daemon.cut.reset();
    t.daemon.paths.clear();
    EXPECT_TRUE((co_await store.lock({store_path("a")})).empty());
  });
}

aio::Task<void> lock_one(DaemonStore* store, std::string name) {
  co_await store->lock({store_path(name)});
}

TEST_F(DaemonStoreTest, ManyAskAndNobodyInterrupts) {
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    aio::Scope scope(t.loop);
    for (int i = 0; i < 10; ++i)
      scope.spawn(lock_one, &store, std::to_string(i));
    co_await scope.join();
    EXPECT_EQ(t.daemon.count(Operation::add_temp_root), 10U);
    EXPECT_EQ(t.daemon.opened, 1U);
  });
}

TEST_F(DaemonStoreTest, SubstitutesOnAConnectionOfItsOwn) {
  daemon.substitutes.emplace(store_path("a"), stored("a"));
  for (const int minor : {21, 26, 27, 38}) {
    speak(minor);
    daemon.paths.clear();
    daemon.opened = 0;
    tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
      EXPECT_EQ(co_await store.substitute({store_path("a"), store_path("b")}),
                nix::StorePathSet{store_path("a")});
      EXPECT_EQ(t.daemon.opened, 2U);
      EXPECT_TRUE(t.daemon.is_rooted(store_path("a")));
      EXPECT_EQ((co_await store.path_infos({store_path("a")})).size(), 1U);
    });
  }
  EXPECT_EQ(daemon.count(Operation::query_missing), 2U);
}

TEST_F(DaemonStoreTest, SubstitutesNothingThatIsThere) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    EXPECT_EQ((co_await store.substitute({store_path("a")})).size(), 1U);
    EXPECT_EQ(t.daemon.opened, 1U);
  });
}

TEST_F(DaemonStoreTest, ASubstituterThatFailsIsNoError) {
  speak(26);
  daemon.substitutes.emplace(store_path("a"), stored("a"));
  daemon.refusals[Operation::build_paths] = {"some substitutes failed"};
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    t.daemon.substitutes.at(store_path("a")).info.path = store_path("other");
    EXPECT_TRUE((co_await store.substitute({store_path("a")})).empty());
  });
}

TEST_F(DaemonStoreTest, ClosuresGoDownAllReferences) {
  daemon.hold(stored("libc", {store_path("libc")}));
  daemon.hold(stored("lib", {store_path("libc")}));
  daemon.hold(stored("app", {store_path("lib"), store_path("libc")}));
  daemon.hold(stored("other"));
  for (const int minor : {21, 38}) {
    speak(minor);
    tell([](DaemonStoreTest&, DaemonStore& store) -> aio::Task<void> {
      EXPECT_EQ(co_await store.closure({store_path("app")}),
                (nix::StorePathSet{store_path("app"), store_path("lib"), store_path("libc")}));
      const auto error = co_await error_of(store.closure({store_path("gone")}));
      EXPECT_TRUE(error && error->kind() == Kind::not_found);
    });
  }
}

TEST_F(DaemonStoreTest, ClosuresMayHoldOutputs) {
  auto out = stored("out", {store_path("lib")});
  out.info.deriver = drv_path("app").path();
  daemon.hold(stored("lib"));
  daemon.hold(std::move(out));
  daemon.hold(stored(drv_path("app").path(), testing::nar_of("Derive"), {store_path("source")}));
  daemon.hold(stored("source"));
  tell([](DaemonStoreTest&, DaemonStore& store) -> aio::Task<void> {
    EXPECT_EQ((co_await store.closure({drv_path("app").path()})).size(), 2U);
    EXPECT_EQ(
        co_await store.closure_with_outputs({drv_path("app").path()}),
        (nix::StorePathSet{
            drv_path("app").path(), store_path("source"), store_path("out"), store_path("lib")}));
  });
}

TEST_F(DaemonStoreTest, APathThatHasGoneIsNamed) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest&, DaemonStore& store) -> aio::Task<void> {
    const auto infos = co_await store.path_infos({store_path("a")});
    EXPECT_EQ(infos, std::vector{stored("a").info});
    const auto error = co_await error_of(store.path_infos({store_path("a"), store_path("b")}));
    EXPECT_TRUE(error && error->kind() == Kind::not_found);
    EXPECT_TRUE(error && error->message().starts_with(store_path("b").str()));
    EXPECT_EQ((co_await store.find_path_infos({store_path("a"), store_path("b")})).size(), 1U);
  });
}

TEST_F(DaemonStoreTest, NobodyAsksForWhatIsAbsent) {
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    EXPECT_TRUE(co_await error_of(store.path_infos({store_path("a")})));
    EXPECT_TRUE((co_await store.find_path_infos({store_path("a")})).empty());
    EXPECT_TRUE(co_await error_of(store.closure({store_path("a")})));
    EXPECT_EQ(t.daemon.count(Operation::query_path_info), 0U) << "it would remember that";
    t.daemon.hold(stored("a"));
    EXPECT_EQ((co_await store.path_infos({store_path("a")})).size(), 1U);
  });
}

aio::Task<void> add_one(DaemonStore* store, std::string name) {
  const auto path = stored(name);
  testing::TextNar nar(path.nar);
  co_await store->add(path.info, nar);
}

TEST_F(DaemonStoreTest, AddsOnAFewConnections) {
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    aio::Scope scope(t.loop);
    for (int i = 0; i < 12; ++i)
      scope.spawn(add_one, &store, std::to_string(i));
    co_await scope.join();
    EXPECT_EQ(t.daemon.added.size(), 12U);
    EXPECT_LE(t.daemon.opened, 4U);
  });
}

TEST_F(DaemonStoreTest, AFailedAdditionCostsOneConnection) {
  daemon.upload_fails_at = 1;
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const auto error = co_await error_of(add_one(&store, "a"));
    EXPECT_TRUE(error && error->message().find("no space left") != std::string::npos);
    t.daemon.upload_fails_at.reset();
    co_await add_one(&store, "b");
    EXPECT_EQ(t.daemon.added.back().info.path, store_path("b"));
    EXPECT_EQ(t.daemon.opened, 2U);
  });
}

TEST_F(DaemonStoreTest, AConnectionThatBreaksTakesTheIdleOnesWithIt) {
  tell_slowly([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    aio::Scope scope(t.loop);
    for (int i = 0; i < 4; ++i)
      scope.spawn(add_one, &store, std::to_string(i));
    co_await scope.join();
    const auto before = t.daemon.opened;
    t.daemon.hangs_at = Operation::add_to_store_nar;
    co_await error_of(add_one(&store, "a"));
    t.daemon.hangs_at.reset();
    co_await add_one(&store, "b");
    EXPECT_EQ(t.daemon.opened, before + 1) << "the daemon that they belong to may have gone";
  });
}

TEST_F(DaemonStoreTest, ADaemonThatFallsSilentIsGivenUp) {
  daemon.hangs_at = Operation::add_to_store_nar;
  tell_slowly([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const auto error = co_await error_of(add_one(&store, "a"));
    EXPECT_TRUE(error && error->kind() == Kind::timeout);
    t.daemon.hangs_at = Operation::query_valid_paths;
    const auto locked = co_await error_of(store.lock({store_path("a")}));
    EXPECT_TRUE(locked && locked->kind() == Kind::timeout);
    t.daemon.hangs_at.reset();
    EXPECT_EQ((co_await store.lock({store_path("a")})).size(), 0U);
    co_await add_one(&store, "a");
    t.daemon.is_silent = true;
    const auto trust = co_await error_of(store.substitute({store_path("b")}));
    EXPECT_FALSE(trust) << "connections that were kept need no greeting";
  });
}

TEST_F(DaemonStoreTest, AGreetingThatDoesNotComeIsGivenUp) {
  daemon.is_silent = true;
  tell_slowly([](DaemonStoreTest&, DaemonStore& store) -> aio::Task<void> {
    const auto error = co_await error_of(store.lock({store_path("a")}));
    EXPECT_TRUE(error && error->kind() == Kind::timeout);
    EXPECT_TRUE(error && error->message().starts_with("opening the local store"));
  });
}

TEST_F(DaemonStoreTest, BelievesWhatADaemonSaysOfTrust) {
  for (const auto trust : {worker::Trust::trusted, worker::Trust::not_trusted}) {
    daemon.info.trust = trust;
    tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
      EXPECT_EQ(co_await store.is_trusting(), t.daemon.info.trust == worker::Trust::trusted);
      EXPECT_TRUE(t.daemon.requests.empty());
    });
  }
}

TEST_F(DaemonStoreTest, FindsTrustOutOnce) {
  daemon.info.trust = worker::Trust::unknown;
  for (const int minor : {21, 34, 38}) {
    for (const bool trusts : {true, false}) {
      speak(minor);
      daemon.trusts = trusts;
      daemon.path_builds.clear();
      daemon.leaves_after_refusals = minor == 21;
      tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
        EXPECT_EQ(co_await store.is_trusting(), t.daemon.trusts);
        EXPECT_EQ(co_await store.is_trusting(), t.daemon.trusts);
        EXPECT_EQ(t.daemon.path_builds.size(), 1U);
        EXPECT_TRUE(t.daemon.path_builds.at(0).targets.empty()) << "nothing is changed";
      });
    }
  }
}

TEST_F(DaemonStoreTest, ADaemonInTroubleIsNoDistrust) {
  speak(34);
  daemon.refusals[Operation::build_paths] = {"cannot open the database"};
  tell([](DaemonStoreTest&, DaemonStore& store) -> aio::Task<void> {
    const auto error = co_await error_of(store.is_trusting());
    EXPECT_TRUE(error && error->kind() == Kind::unavailable);
    EXPECT_TRUE(co_await store.is_trusting());
  });
}

TEST_F(DaemonStoreTest, ARootIsALinkThatIsRegistered) {
  daemon.hold(stored("a"));
  daemon.hold(stored("b"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const testing::TempFolder folder;
    const fs::path link = folder.path() / "result";
    co_await store.add_root(store_path("a"), link);
    EXPECT_EQ(fs::read_symlink(link), store_path("a").str());
    EXPECT_EQ(t.daemon.links, std::vector{link.string()});
    EXPECT_TRUE(t.daemon.is_rooted(store_path("a")));
    co_await store.add_root(store_path("b"), link);
    EXPECT_EQ(fs::read_symlink(link), store_path("b").str());
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  });
}

TEST_F(DaemonStoreTest, ARootReplacesNothingElse) {
  daemon.hold(stored("a"));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const testing::TempFolder folder;
    const auto file = folder.write("file", "precious");
    fs::create_symlink("/etc", folder.path() / "link");
    for (const fs::path& taken : {file, folder.path() / "link"}) {
      const auto error = co_await error_of(store.add_root(store_path("a"), taken));
      EXPECT_TRUE(error && error->kind() == Kind::conflict);
    }
    EXPECT_EQ(folder.read("file"), "precious");
    const auto gone = co_await error_of(store.add_root(store_path("b"), folder.path() / "b"));
    EXPECT_TRUE(gone && gone->kind() == Kind::not_found);
    const auto nowhere =
        co_await error_of(store.add_root(store_path("a"), folder.path() / "no" / "folder"));
    EXPECT_TRUE(nowhere && nowhere->kind() == Kind::not_found);
    EXPECT_TRUE(t.daemon.links.empty());
  });
}

aio::Task<void> build_one(DaemonStoreTest& t, DaemonStore& store) {
  const wire::BuildOptions options{.max_silent_time = 5s,
                                   .build_timeout = 60s,
                                   .max_log_size = ByteCount(1000),
                                   .repeats = 0,
                                   .enforce_determinism = false,
                                   .keep_failed = true};
  nix::BasicDerivation derivation;
  derivation.platform = "x86_64-linux";
  derivation.builder = "/bin/sh";
  std::string log;
  const auto result = co_await store.build(
      wire::BuildDerivation{
          .drv_path = drv_path("a"), .derivation = derivation, .options = options},
      [&log](std::string_view text) { log += text; });
  EXPECT_EQ(result, t.daemon.build_result);
  const bool is_silent = t.daemon.chatter[Operation::build_derivation].empty();
  EXPECT_EQ(log, is_silent ? "" : "warning: slow\ncompiling\n");
  EXPECT_EQ(t.daemon.builds.back().derivation, derivation);
}

TEST_F(DaemonStoreTest, BuildsAndTellsTheLog) {
  daemon.build_result.status = nix::BuildStatus::built;
  daemon.build_result.times_built = 1;
  daemon.chatter[Operation::build_derivation] = {
      worker::StartActivity{
          .id = 1, .type = worker::ActivityType::build, .text = "building", .fields = {}},
      worker::LogLine{.text = "warning: slow\n"},
      worker::ActivityResult{
          .id = 1, .type = worker::ResultType::set_phase, .fields = {std::string("buildPhase")}},
      worker::ActivityResult{.id = 1,
                             .type = worker::ResultType::build_log_line,
                             .fields = {std::string("compiling")}}};
  tell(build_one);
  ASSERT_EQ(daemon.options.size(), 1U);
  const auto& options = daemon.options.front();
  EXPECT_TRUE(options.keep_failed);
  EXPECT_FALSE(options.use_substitutes || options.verbose_build || options.keep_going);
  EXPECT_EQ(options.max_silent_time, 5s);
  EXPECT_EQ(options.overrides,
            (std::map<std::string, std::string>{
                {"log-lines", "0"}, {"max-build-log-size", "1000"}, {"timeout", "60"}}));
}

TEST_F(DaemonStoreTest, OptionsThatWouldNotBeHeardAreNotSet) {
  daemon.protocol.features = worker::kOurFeatures;
  tell(build_one);
  EXPECT_TRUE(daemon.options.empty());
}

TEST_F(DaemonStoreTest, BuildsDerivationsOfItsOwn) {
  daemon.hold(stored(drv_path("a").path(), testing::nar_of("Derive")));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const wire::BuildPaths request{.targets = {drv_path("a").str(), drv_path("a").str() + "!dev"},
                                   .options = {}};
    const auto ignore = [](std::string_view) {};
    EXPECT_EQ(co_await store.build(request, ignore), wire::BuildPathsReply{});
    EXPECT_EQ(t.daemon.path_builds.back().targets.size(), 2U);
    t.daemon.path_status = nix::BuildStatus::permanent_failure;
    t.daemon.path_message = "no luck";
    const auto reply = co_await store.build(request, ignore);
    EXPECT_EQ(reply.exit_status, 100U);
    EXPECT_EQ(reply.message, "\x1b[31;1merror:\x1b[0m no luck");
    t.daemon.refusals[Operation::build_paths_with_results] = {"no such path"};
    EXPECT_EQ((co_await store.build(request, ignore)).exit_status, 1U);
  });
}

TEST_F(DaemonStoreTest, OlderDaemonsTellOnlyWhetherAllIsBuilt) {
  daemon.protocol.version = wire::WorkerVersion(33);
  daemon.hold(stored(drv_path("a").path(), testing::nar_of("Derive")));
  tell([](DaemonStoreTest& t, DaemonStore& store) -> aio::Task<void> {
    const wire::BuildPaths request{.targets = {drv_path("a").str()}, .options = {}};
    const auto ignore = [](std::string_view) {};
    EXPECT_EQ(co_await store.build(request, ignore), wire::BuildPathsReply{});
    t.daemon.refusals[Operation::build_paths] = {"build of 'a' failed"};
    const auto reply = co_await store.build(request, ignore);
    EXPECT_EQ(reply.exit_status, 1U);
    EXPECT_EQ(reply.message, "\x1b[31;1merror:\x1b[0m build of 'a' failed");
  });
}

TEST_F(DaemonStoreTest, RoundsAreCountedForOldDaemons) {
  daemon.protocol.version = wire::WorkerVersion(21);
  daemon.build_result.status = nix::BuildStatus::built;
  tell([](DaemonStoreTest&, DaemonStore& store) -> aio::Task<void> {
    const wire::BuildDerivation request{.drv_path = drv_path("a"), .derivation = {}, .options = {}};
    EXPECT_EQ((co_await store.build(request, [](std::string_view) {})).times_built, 1U);
  });
}

}  // namespace
}  // namespace firn::store
