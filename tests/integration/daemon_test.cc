// SPDX-License-Identifier: Apache-2.0
// Daemons of four ages, spoken to in their own protocol: every version that releases announce, and
// what a store promises on each of them. And the ways to the store that `--store` names.
#include "aio/loop.h"
#include "base/error.h"
#include "integration/farm_fixture.h"
#include "store/daemon_store.h"
#include "support/run.h"
#include "support/store_samples.h"
#include "transport/ssh_connector.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class DaemonTest : public ReleaseTest {
 protected:
  using Story = aio::Task<void> (*)(const lab::Host&, store::DaemonStore&);

  /// On a store that is a `nix-daemon --stdio` of that age, behind ssh.
  static void tell(Story story) {
    const lab::CoordinatorHost home;
    const lab::Builder builder(home.key(), {.name = "b1", .host = {.release = GetParam()}});
    aio::Loop loop;
    transport::SocketFolder sockets;
    const transport::SshTarget target{.user = "root",
                                      .host = "127.0.0.1",
                                      .port = builder.sshd().port(),
                                      .key_file = home.key().file,
                                      .host_key = builder.sshd().host_key(),
                                      .compress = false,
                                      .extra_options = {}};
    store::DaemonStore store(
        loop,
        std::make_unique<transport::SshConnector>(
            loop, sockets, target, std::vector<std::string>{"nix-daemon --stdio"}));
    loop.run(tell_all(story, builder.host(), store));
  }

 private:
  static aio::Task<void> tell_all(Story story, const lab::Host& host, store::DaemonStore& store) {
    co_await story(host, store);
    co_await store.close();
  }
};

INSTANTIATE_TEST_SUITE_P(Nix, DaemonTest, ::testing::ValuesIn(lab::kReleases), release_name);

aio::Task<void> add(store::Store& store, const StoredPath& path) {
  TextNar nar(path.nar, 100'000);
  co_await store.add(path.info, nar);
}

StoredPath app() {
  return stored(store_path("app"),
                nar_of(std::string(1'000'000, 'x') + store_path("lib").str()),
                {store_path("lib")});
}

TEST_P(DaemonTest, TakesPathsAndKeepsThem) {
  tell([](const lab::Host& host, store::DaemonStore& store) -> aio::Task<void> {
    const nix::StorePathSet both{store_path("app"), store_path("lib")};
    EXPECT_TRUE(co_await store.is_trusting());
    EXPECT_TRUE((co_await store.lock(both)).empty());
    co_await add(store, stored("lib"));
    co_await add(store, app());
    EXPECT_EQ(co_await store.lock(both), both);
    EXPECT_EQ(co_await store.closure({store_path("app")}), both);
    auto infos = co_await store.path_infos({store_path("app")});
    EXPECT_EQ(infos.at(0).nar_hash, app().info.nar_hash);
    EXPECT_EQ(infos.at(0).nar_size, app().info.nar_size);
    EXPECT_EQ(infos.at(0).references, app().info.references);
    EXPECT_TRUE(host.run({"nix-store", "--gc"}).ok());
    for (const auto& path : both)
      EXPECT_TRUE(host.verify_path(path.str())) << "a root, as long as the store is open";
    EXPECT_EQ(co_await store.substitute({store_path("lib"), store_path("none")}),
              nix::StorePathSet{store_path("lib")});
    co_await store.close();
    EXPECT_TRUE(eventually([&] { return is_idle(host); }, 10s));
    EXPECT_TRUE(host.run({"nix-store", "--gc"}).ok());
    EXPECT_FALSE(host.store_has(store_path("lib").str()));
  });
}

TEST_P(DaemonTest, RefusesInItsOwnWordsAndGoesOn) {
  tell([](const lab::Host& host, store::DaemonStore& store) -> aio::Task<void> {
    auto wrong = app();
    wrong.info.references.clear();
    wrong.info.nar_hash = hash_of(HashAlgorithm::sha256, "something else");
    const auto mismatch = co_await error_of(add(store, wrong));
    EXPECT_TRUE(mismatch && mismatch->kind() == Kind::unavailable);
    EXPECT_THAT(mismatch->message(), HasSubstr("hash mismatch"));
    const auto orphan = co_await error_of(add(store, app()));
    EXPECT_TRUE(orphan && orphan->kind() == Kind::unavailable) << "its reference is not there";
    co_await add(store, stored("lib"));
    co_await add(store, app());
    EXPECT_TRUE(host.verify_path(store_path("app").str()));
    EXPECT_EQ((co_await store.lock({store_path("app")})).size(), 1U);
  });
}

wire::BuildDerivation derivation_that_runs(const std::string& script) {
  nix::BasicDerivation derivation;
  derivation.outputs["out"].path = store_path("made");
  derivation.input_sources = {store_path("lib")};
  derivation.platform = lab::current_system();
  derivation.builder = "/bin/sh";
  derivation.args = {"-c", script};
  derivation.env = {{"out", store_path("made").str()}, {"name", "made"}};
  return {.drv_path = drv_path("made"), .derivation = std::move(derivation), .options = {}};
}

TEST_P(DaemonTest, BuildsAndTellsTheLog) {
  tell([](const lab::Host& host, store::DaemonStore& store) -> aio::Task<void> {
    co_await add(store, stored("lib"));
    std::string log;
    const auto hear = [&log](std::string_view text) { log += text; };
    const auto bad = co_await store.build(derivation_that_runs("echo no luck; exit 3"), hear);
    EXPECT_EQ(bad.status, nix::BuildStatus::permanent_failure) << bad.error_message;
    EXPECT_THAT(log, HasSubstr("no luck\n"));
    log.clear();
    const auto good =
        co_await store.build(derivation_that_runs("echo compiling; read x < " +
                                                  store_path("lib").str() + "; echo \"$x\" > $out"),
                             hear);
    EXPECT_EQ(good.status, nix::BuildStatus::built) << good.error_message;
    EXPECT_THAT(log, HasSubstr("compiling\n"));
    EXPECT_TRUE(host.run({"nix-store", "--gc"}).ok());
    EXPECT_TRUE(host.verify_path(store_path("made").str())) << "what was built is held";
    EXPECT_EQ((co_await store.path_infos({store_path("made")})).size(), 1U);
  });
}

class WayToTheStoreTest : public FarmTest {
 protected:
  static constexpr std::string_view kExpression =
      R"nix(mk { name = "made"; script = "echo > $out"; })nix";

  /// Builds through `way` and links the result.
  static Build build(const lab::CoordinatorHost& home, const std::string& way) {
    const auto file = write_nix(home, kExpression);
    return firn_build(home,
                      {file,
                       "--builders",
                       "",
                       "--store",
                       way,
                       "-o",
                       (home.home(home.login()) / "result").string()});
  }

  static void expect_kept(const lab::CoordinatorHost& home) {
    const auto link = home.home(home.login()) / "result";
    const std::string path = fs::read_symlink(link);
    EXPECT_TRUE(home.run({"nix-store", "--gc"}, {.user = lab::User::root}).ok());
    EXPECT_TRUE(home.verify_path(path));
    fs::remove(link);
    EXPECT_TRUE(home.run({"nix-store", "--gc"}, {.user = lab::User::root}).ok());
    EXPECT_FALSE(home.store_has(path));
  }
};

TEST_F(WayToTheStoreTest, ThroughADaemonWhoeverWeAre) {
  for (const bool is_trusted : {true, false}) {
    const lab::CoordinatorHost home({.daemon = lab::Daemon{.is_trusted = is_trusted}});
    for (const char* way : {"auto", "daemon", "unix:///nix/var/nix/daemon-socket/socket"}) {
      const auto built = build(home, way);
      ASSERT_TRUE(built.outcome.ok()) << way << built.outcome.describe();
      expect_kept(home);
    }
  }
}

TEST_F(WayToTheStoreTest, WithoutOne) {
  const lab::CoordinatorHost home;
  for (const char* way : {"auto", "local"}) {
    const auto built = build(home, way);
    ASSERT_TRUE(built.outcome.ok()) << way << built.outcome.describe();
    expect_kept(home);
  }
  const auto lost = build(home, "daemon");
  EXPECT_EQ(lost.outcome.exit_code, 3);
  EXPECT_EQ(lost.outcome.err,
            "error: the local store cannot be reached: connect to "
            "/nix/var/nix/daemon-socket/socket: No such file or directory; --store local opens it "
            "without its daemon\n");
  EXPECT_EQ(build(home, "ssh://b1").outcome.exit_code, 2);
}

TEST_F(WayToTheStoreTest, ADaemonThatDoesNotKnowUsIsHeard) {
  const lab::CoordinatorHost home(
      {.daemon = lab::Daemon{.is_trusted = false}, .nix_conf = {{"allowed-users", "root"}}});
  const auto refused = build(home, "daemon");
  EXPECT_EQ(refused.outcome.exit_code, 3) << refused.outcome.describe();
  EXPECT_EQ(refused.outcome.err, "error: the local store ended the conversation\n");
}

}  // namespace
}  // namespace firn::testing
