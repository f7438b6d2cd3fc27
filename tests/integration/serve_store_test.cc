// SPDX-License-Identifier: Apache-2.0
// Stock Nix of four ages as a client of ours, through a real sshd.
#include "integration/farm_fixture.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::string_view kExpression = R"nix(rec {
  words = builtins.toFile "words" "from the client\n";
  lib = mk { name = "lib"; script = "cat ${words} > $out; echo making lib >&2"; };
  app = mk { name = "app"; outputs = [ "out" "doc" ];
             script = "mkdir $out; echo ${lib} > $out/lib; echo doc > $doc"; };
  bad = mk { name = "bad"; script = "echo no luck >&2; exit 1"; };
})nix";

/// A machine where firn is what clients find, and one of theirs.
class ServeStore : public ReleaseTest {
 protected:
  void SetUp() override {
    ReleaseTest::SetUp();
    if (IsSkipped()) return;
    client_.emplace(lab::HostOptions{.release = GetParam()});
    server_.emplace(client_->key(), lab::BuilderOptions{.name = "firn"});
    client_->introduce(*server_);
    server_->host().install(FIRN_PROGRAM);
    file_ = write_nix(*client_, kExpression);
  }

  const lab::Host& server() const { return server_->host(); }

  /// Whoever logs in gets this, whatever they ask for.
  void force_command(std::string_view options) const {
    lab::write_file(server().dir() / "authorized_keys",
                    fmt::format("command=\"{} serve-store --stdio {}\",restrict {}\n",
                                (server().dir() / "bin/firn").string(),
                                options,
                                client_->key().public_line));
  }

  lab::Outcome run(const std::vector<std::string>& argv) const { return client_->run(argv); }

  std::string must_run(const std::vector<std::string>& argv) const {
    const auto outcome = run(argv);
    EXPECT_TRUE(outcome.ok()) << argv.at(0) << ' ' << argv.at(1) << ": " << outcome.describe();
    return outcome.out.substr(0, outcome.out.find('\n'));
  }

  std::string build_here(std::string_view attribute) const {
    return must_run({"nix-build", "--no-out-link", file_, "-A", std::string(attribute)});
  }

  /// Removes everything from the client's store.
  void forget() const { must_run({"nix-store", "--gc"}); }

  std::string file_;
  std::optional<lab::CoordinatorHost> client_;
  std::optional<lab::Builder> server_;
};

TEST_P(ServeStore, CopiesBothWays) {
  force_command("--write");
  const auto app = build_here("app");
  const auto lib = build_here("lib");
  must_run({"nix", "copy", "--to", "ssh://firn", app});
  EXPECT_TRUE(server().verify_path(app));
  EXPECT_TRUE(server().verify_path(lib));
  must_run({"nix", "copy", "--to", "ssh://firn", app});

  const auto info = must_run({"nix", "path-info", "-r", "--store", "ssh://firn", app});
  EXPECT_THAT(info, HasSubstr("/nix/store/"));
  EXPECT_FALSE(run({"nix", "path-info", "--store", "ssh://firn", app + "x"}).ok());

  forget();
  ASSERT_FALSE(client_->store_has(app));
  must_run({"nix", "copy", "--no-check-sigs", "--from", "ssh://firn", app});
  EXPECT_TRUE(client_->verify_path(app));
  EXPECT_TRUE(client_->verify_path(lib));
}

TEST_P(ServeStore, CopiesClosures) {
  force_command("--write");
  const auto app = build_here("app");
  must_run({"nix-copy-closure", "--to", "firn", app});
  EXPECT_TRUE(server().verify_path(app));
  forget();
  must_run({"nix-copy-closure", "--from", "firn", app});
  EXPECT_TRUE(client_->verify_path(app));

  const auto drv = must_run({"nix-instantiate", file_, "-A", "app"});
  must_run({"nix-copy-closure", "--include-outputs", "--to", "firn", drv});
  EXPECT_TRUE(server().verify_path(drv));
}

TEST_P(ServeStore, BuildsForNixBuild) {
  force_command("--write");
  const auto builders = fmt::format("ssh://firn {} - 2", lab::current_system());
  const std::vector<std::string> build{
      "nix-build", "--no-out-link", "-j0", "--builders", builders, file_, "-A"};
  auto app = build;
  app.emplace_back("app");
  const auto outcome = run(app);
  ASSERT_TRUE(outcome.ok()) << outcome.describe();
  EXPECT_THAT(outcome.err, HasSubstr("making lib"));
  const auto path = outcome.out.substr(0, outcome.out.find('\n'));
  EXPECT_TRUE(client_->verify_path(path));
  EXPECT_TRUE(server().verify_path(path));
  EXPECT_EQ(client_->nar_hash(path), server().nar_hash(path));

  auto bad = build;
  bad.emplace_back("bad");
  const auto failure = run(bad);
  EXPECT_FALSE(failure.ok());
  EXPECT_THAT(failure.err, HasSubstr("no luck"));
  EXPECT_THAT(failure.err, HasSubstr("exit code 1"));
}

TEST_P(ServeStore, IsNixStoreByName) {
  const auto folder = server().dir() / "as-nix";
  fs::create_directory(folder);
  fs::create_symlink(server().dir() / "bin/firn", folder / "nix-store");
  const auto uri = fmt::format("ssh://firn?remote-program={}", (folder / "nix-store").string());
  const auto app = build_here("app");
  must_run({"nix", "copy", "--to", uri, app});
  EXPECT_TRUE(server().verify_path(app));
  EXPECT_EQ(must_run({"nix", "path-info", "--store", uri, app}), app);
}

TEST_P(ServeStore, ReadsOnlyWhateverClientsAsk) {
  force_command("");
  const auto app = build_here("app");
  const auto refused = run({"nix", "copy", "--to", "ssh://firn", app});
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(refused.err, HasSubstr("importing paths is not allowed"));
  EXPECT_FALSE(server().store_has(app));

  force_command("--write");
  must_run({"nix", "copy", "--to", "ssh://firn", app});
  force_command("");
  forget();
  must_run({"nix", "copy", "--no-check-sigs", "--from", "ssh://firn", app});
  EXPECT_TRUE(client_->verify_path(app));
}

/// Firn as an ordinary login of a machine with a daemon.
class ServeStoreBehindADaemon : public FarmTest {
 protected:
  /// What `nix copy` to such a machine comes to; whether the path is there then.
  std::pair<lab::Outcome, bool> copy(bool is_trusted) const {
    const lab::CoordinatorHost client;
    const lab::Builder server(
        client.key(), {.name = "firn", .host = {.daemon = lab::Daemon{.is_trusted = is_trusted}}});
    client.introduce(server);
    server.host().install(FIRN_PROGRAM);
    lab::write_file(server.host().dir() / "authorized_keys",
                    fmt::format("command=\"{} serve-store --stdio --write\",restrict {}\n",
                                (server.host().dir() / "bin/firn").string(),
                                client.key().public_line));
    const auto file = write_nix(client, kExpression);
    const auto built = client.run({"nix-build", "--no-out-link", file, "-A", "lib"});
    const auto path = built.out.substr(0, built.out.find('\n'));
    auto outcome = client.run({"nix", "copy", "--to", "ssh://firn", path});
    return {std::move(outcome), server.host().store_has(path)};
  }
};

TEST_F(ServeStoreBehindADaemon, TakesPathsWhereTheLoginIsTrusted) {
  const auto [outcome, is_there] = copy(true);
  EXPECT_TRUE(outcome.ok()) << outcome.describe();
  EXPECT_TRUE(is_there);
}

TEST_F(ServeStoreBehindADaemon, PassesTheDaemonsRefusalOn) {
  const auto [outcome, is_there] = copy(false);
  EXPECT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.err, HasSubstr("signature"));
  EXPECT_FALSE(is_there);
}

INSTANTIATE_TEST_SUITE_P(Nix, ServeStore, ::testing::ValuesIn(lab::kReleases), release_name);

}  // namespace
}  // namespace firn::testing
