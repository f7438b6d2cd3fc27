// SPDX-License-Identifier: Apache-2.0
// Machines behind the worker protocol (ssh-ng://), with Nix of four ages: a login that the
// builder's daemon trusts, and one that it does not.
#include "integration/farm_fixture.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// `here` is built on the coordinator first. Its content is another one in each build, so that a
/// copy can be told from a second build.
constexpr std::string_view kExpression = R"nix(rec {
  words = builtins.toFile "words" "hello from afar\n";
  here = mk { name = "here"; script = "cat /proc/sys/kernel/random/uuid > $out"; };
  base = mk { name = "base"; script = "mkdir $out; cat ${words} > $out/text; echo $out > $out/self"; };
  top = mk { name = "top"; outputs = [ "out" "dev" ]; script = "cat ${base}/text > $out; ln -s $out $dev; id -un"; };
  user = mk { name = "user"; script = "cat ${here} > $out"; };
  bad = mk { name = "bad"; script = "echo this is why; exit 3"; };
})nix";

class SshNgTest : public ReleaseTest {
 protected:
  static lab::BuilderOptions with_login(bool is_trusted,
                                        std::string name = "b1",
                                        std::map<std::string, std::string> nix_conf = {}) {
    return {.name = std::move(name),
            .speed_factor = 10,
            .host = {.release = GetParam(),
                     .daemon = lab::Daemon{.is_trusted = is_trusted},
                     .nix_conf = std::move(nix_conf)}};
  }

  /// Lines for `--builders`.
  static std::string over_worker(const std::vector<const lab::Builder*>& builders) {
    std::string lines;
    for (const auto* builder : builders)
      lines += builder->machines_line("ssh-ng" + builder->uri().substr(3)) + "\n";
    return lines;
  }

  /// Every output is here, there, and the same.
  static void expect_same(const lab::CoordinatorHost& home,
                          const lab::Builder& builder,
                          const std::vector<std::string>& paths) {
    for (const auto& path : paths) {
      EXPECT_TRUE(home.verify_path(path)) << path;
      EXPECT_TRUE(builder.host().verify_path(path)) << path;
      EXPECT_EQ(home.nar_hash(path), builder.host().nar_hash(path)) << path;
    }
  }

  /// Builds `here` on the coordinator.
  static std::string build_here(const lab::CoordinatorHost& home, const std::string& file) {
    const auto build = firn_build(home, {file, "-A", "here", "-j1", "--builders", ""});
    EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
    return outputs(home, file, "here").front();
  }

  /// Makes a signing key; returns the public one.
  static std::string make_key(const lab::CoordinatorHost& home, const std::string& secret) {
    const auto made = home.run(
        {"nix-store", "--generate-binary-cache-key", "farm-1", secret, secret + ".public"});
    EXPECT_TRUE(made.ok()) << made.describe();
    return lab::read_file(secret + ".public");
  }

  /// How many programs the builder's sshd has started.
  static std::ptrdiff_t sessions(const lab::Builder& builder) {
    constexpr std::string_view kSession = "Starting session: command";
    const auto log = builder.sshd().log();
    std::ptrdiff_t count = 0;
    for (auto at = log.find(kSession); at != std::string::npos; at = log.find(kSession, at + 1))
      ++count;
    return count;
  }
};

INSTANTIATE_TEST_SUITE_P(Nix, SshNgTest, ::testing::ValuesIn(lab::kReleases), release_name);

TEST_P(SshNgTest, ALoginThatIsNotTrustedBuildsAChain) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), with_login(false));
  const auto file = write_nix(home, kExpression);
  const std::vector<std::string> arguments{
      file, "-A", "top", "-j0", "--builders", over_worker({&builder})};

  const auto build = firn_build(home, arguments);

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.steps(), 2U);
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(2));
  for (const char* attribute : {"base", "top"})
    expect_same(home, builder, outputs(home, file, attribute));
  // The connection itself, one that builds; old daemons are asked about trust on one more.
  const bool says_so = GetParam() != lab::kReleases[0] && GetParam() != lab::kReleases[1];
  EXPECT_EQ(sessions(builder), says_so ? 2 : 3);
  const auto log = lab::read_file(build.attempts_of("top").at(0).at("log_file"));
  EXPECT_THAT(log, HasSubstr("nixbld"));
  EXPECT_THAT(log, Not(HasSubstr("warning"))) << "what it may not set is no part of the log";
}

TEST_P(SshNgTest, ATrustedLoginNeedsNoDerivationThere) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), with_login(true));
  const auto file = write_nix(home, kExpression);
  build_here(home, file);

  const auto build = firn_build(
      home, {file, "-A", "user", "-A", "top", "-j0", "--builders", over_worker({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  for (const char* attribute : {"here", "user", "base", "top"})
    expect_same(home, builder, outputs(home, file, attribute));
  EXPECT_THAT(builder.host().valid_paths(), Not(Contains(HasSubstr(".drv"))));
}

TEST_P(SshNgTest, AnUnsignedInputIsBuiltThereAgain) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), with_login(false));
  const auto file = write_nix(home, kExpression);
  const auto here = build_here(home, file);

  const auto build =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", over_worker({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  expect_same(home, builder, outputs(home, file, "user"));
  EXPECT_TRUE(builder.host().verify_path(here));
  EXPECT_NE(home.nar_hash(here), builder.host().nar_hash(here)) << "the login is not trusted";
}

TEST_P(SshNgTest, ASignedInputIsTaken) {
  const lab::CoordinatorHost home;
  const auto secret = (home.dir() / "farm.secret").string();
  const auto key = make_key(home, secret);
  const lab::Builder builder(home.key(), with_login(false, "b1", {{"trusted-public-keys", key}}));
  const auto file = write_nix(home, kExpression);
  const auto here = build_here(home, file);
  const auto config = home.dir() / "firn.toml";
  std::ofstream(config) << fmt::format("[signing]\nsecret-key-files = '{}'\n", secret);

  const auto build = firn_build(home,
                                {file,
                                 "-A",
                                 "user",
                                 "-j0",
                                 "--config",
                                 config.string(),
                                 "--builders",
                                 over_worker({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  expect_same(home, builder, {here});
  expect_same(home, builder, outputs(home, file, "user"));
}

TEST_P(SshNgTest, AnInputIsSubstitutedThere) {
  const lab::CoordinatorHost home;
  const auto secret = (home.dir() / "farm.secret").string();
  const auto key = make_key(home, secret);
  const lab::Builder builder(home.key(),
                             with_login(false,
                                        "b1",
                                        {{"trusted-public-keys", key},
                                         {"substitute", "true"},
                                         {"substituters", "file:///nix/cache"}}));
  const auto file = write_nix(home, kExpression);
  const auto here = build_here(home, file);
  const auto cache = home.dir() / "cache";
  const auto copied = home.run({"nix",
                                "--extra-experimental-features",
                                "nix-command",
                                "copy",
                                "--to",
                                "file://" + cache.string() + "?secret-key=" + secret,
                                here});
  ASSERT_TRUE(copied.ok()) << copied.describe();
  std::filesystem::copy(
      cache, builder.host().outside("/nix/cache"), std::filesystem::copy_options::recursive);

  const auto build =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", over_worker({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  expect_same(home, builder, {here});
  expect_same(home, builder, outputs(home, file, "user"));
}

TEST_P(SshNgTest, AnInputThatCannotBeCheckedSendsTheStepElsewhere) {
  const lab::CoordinatorHost home;
  const lab::Builder wary(home.key(), with_login(false));
  const lab::Builder other(home.key(), {.name = "b2"});
  const auto here = build_here(home, write_nix(home, kExpression));
  // Without its derivation it can't be built there.
  const auto file = write_nix(
      home,
      fmt::format(
          R"nix({{ user = mk {{ name = "user"; script = "cat ${{builtins.storePath {}}} > $out"; }}; }})nix",
          here));

  const auto alone =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", over_worker({&wary})});
  EXPECT_EQ(alone.outcome.exit_code, 3) << alone.outcome.describe();
  EXPECT_THAT(alone.attempts_of("user"), SizeIs(1));
  EXPECT_THAT(alone.outcome.err, HasSubstr("can't take this step: unsigned inputs"));
  EXPECT_THAT(alone.outcome.err, HasSubstr(here));

  const auto both = firn_build(
      home, {file, "-A", "user", "-j0", "--builders", over_worker({&wary}) + machines({&other})});
  ASSERT_TRUE(both.outcome.ok()) << both.outcome.describe();
  const auto attempts = both.attempts_of("user");
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[0].at("failure"), "unsigned_inputs");
  EXPECT_EQ(attempts[1].at("outcome"), "succeeded");
  EXPECT_THAT(both.of("machine_out"), IsEmpty());
  expect_same(home, other, outputs(home, file, "user"));
}

TEST_P(SshNgTest, FailuresAreToldAndBlamedRight) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), with_login(false));
  const lab::Builder other(home.key(), with_login(false, "b2"));
  const auto file = write_nix(home, R"nix(rec {
    bad = mk { name = "bad"; script = "echo this is why; exit 3"; };
    above = mk { name = "above"; script = "cat ${bad} > $out"; };
    crashed = mk { name = "crashed"; script = "kill -SEGV $$"; };
    killed = mk { name = "killed"; script = "kill -9 $$"; };
    nothing = mk { name = "nothing"; script = "exit 0"; };
    good = mk { name = "good"; script = "sleep 1; echo > $out"; };
  })nix");

  const auto build =
      firn_build(home, {file, "-k", "-j0", "--builders", over_worker({&builder, &other})});

  EXPECT_EQ(build.outcome.exit_code, 1) << build.outcome.describe();
  build.expect_failures("bad", "build_failed", 1);
  build.expect_failures("crashed", "build_failed", 1);
  build.expect_failures("killed", "transient_failure", 4);
  build.expect_failures("nothing", "build_failed", 1);
  EXPECT_THAT(build.attempts_of("above"), IsEmpty());
  const auto bad = build.attempts_of("bad").at(0);
  EXPECT_THAT(bad.at("message").get<std::string>(), HasSubstr("exit code 3"));
  EXPECT_THAT(lab::read_file(bad.at("log_file").get<std::string>()), HasSubstr("this is why\n"));
  EXPECT_THAT(build.outcome.err, HasSubstr("this is why"));
  EXPECT_TRUE(home.verify_path(outputs(home, file, "good").front()));
}

/// `nix-daemon --stdio` of Nix 2.26 and 2.34 does not pass limits on to the daemon: it is our clock
/// that ends the build.
TEST_P(SshNgTest, TimeIsLimited) {
  const bool is_deaf = GetParam() != lab::kReleases[0] && GetParam() != lab::kReleases[1];
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), with_login(false));
  const auto file = write_nix(home, R"nix({
    slow = mk { name = "slow"; script = "while :; do echo still here; sleep 0.2; done"; };
    silent = mk { name = "silent"; script = "echo once; sleep 1000"; };
  })nix");

  const auto build = firn_build(home,
                                {file,
                                 "-k",
                                 "--timeout",
                                 "4",
                                 "--max-silent-time",
                                 "1",
                                 "-j0",
                                 "--builders",
                                 over_worker({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1) << build.outcome.describe();
  build.expect_failures("slow", "timed_out", 1);
  if (is_deaf) {
    build.expect_failures("silent", "silent_by_our_clock", 2);
  } else {
    build.expect_failures("silent", "silent_too_long", 1);
  }
  EXPECT_TRUE(eventually([&] { return builder.host().count_processes("sleep") == 0; }, 10s));
}

TEST_P(SshNgTest, CtrlCEndsTheBuildThere) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), with_login(false));
  const auto file = write_nix(
      home, R"nix({ slow = mk { name = "slow"; script = "sleep 1000; echo > $out"; }; })nix");
  auto process =
      home.spawn(firn_command(home, {file, "-j0", "--builders", over_worker({&builder})}));
  ASSERT_TRUE(eventually([&] { return builder.host().count_processes("sleep") == 1; }, 30s));

  process.signal(SIGINT);

  EXPECT_EQ(process.wait(20s).exit_code, 130);
  EXPECT_TRUE(eventually([&] { return builder.host().count_processes("sleep") == 0; }, 10s));
}

}  // namespace
}  // namespace firn::testing
