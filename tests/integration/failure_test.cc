// SPDX-License-Identifier: Apache-2.0
// What users are told, and what they are not blamed for, when something goes wrong.
#include "integration/farm_fixture.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class FailureTest : public FarmTest {};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(FailureTest, AFailedBuildEndsWithItsLogAndExitCodeOne) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    bad = mk { name = "bad"; script = "echo this is why; exit 3"; };
    top = mk { name = "top"; script = "cat ${bad} > $out"; };
  })nix");

  const auto build =
      firn_build(home, {file, "-A", "top", "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1);
  EXPECT_THAT(build.outcome.err, HasSubstr("-bad.drv"));
  EXPECT_THAT(build.outcome.err, HasSubstr("exit code 3"));
  EXPECT_THAT(build.outcome.err, HasSubstr("this is why"));
  const auto attempts = build.attempts_of("bad");
  ASSERT_THAT(attempts, SizeIs(1)) << "a build that failed is not tried again";
  EXPECT_EQ(read_file(attempts[0].at("log_file")), "this is why\n");
}

TEST_F(FailureTest, KeepGoingBuildsTheRest) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    bad = mk { name = "bad"; script = "exit 1"; };
    above = mk { name = "above"; script = "cat ${bad} > $out"; };
    one = mk { name = "one"; script = "sleep 0.3; echo > $out"; };
    two = mk { name = "two"; script = "cat ${one} > $out"; };
  })nix");

  const auto build =
      firn_build(home, {file, "--keep-going", "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1);
  EXPECT_TRUE(home.verify_path(outputs(home, file, "two").front()));
  EXPECT_THAT(build.attempts_of("above"), SizeIs(0));
  EXPECT_THAT(build.outcome.err, Not(HasSubstr("-above.drv")));
}

TEST_F(FailureTest, AKilledBuilderIsNotAFailedBuild) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix({
    killed = mk { name = "killed"; script = "kill -9 $$"; };
    crashed = mk { name = "crashed"; script = "kill -SEGV $$"; };
  })nix");
  const auto builders = machines({&builder});

  const auto killed = firn_build(home, {file, "-A", "killed", "-j0", "--builders", builders});
  EXPECT_EQ(killed.outcome.exit_code, 3) << killed.outcome.describe();
  EXPECT_GT(killed.attempts_of("killed").size(), 1U);

  const auto crashed = firn_build(home, {file, "-A", "crashed", "-j0", "--builders", builders});
  EXPECT_EQ(crashed.outcome.exit_code, 1) << crashed.outcome.describe();
  EXPECT_THAT(crashed.attempts_of("crashed"), SizeIs(1));
}

TEST_F(FailureTest, AFailedFetchFailsWithinTwoTries) {
  const lab::CoordinatorHost home;
  const lab::Builder one(home.key(), {.name = "b1"});
  const lab::Builder two(home.key(), {.name = "b2"});
  const auto file = write_nix(home, R"nix({
    fetch = mk { name = "fetch"; script = "echo no such host >&2; exit 1"; outputHashMode = "flat"; outputHashAlgo = "sha256";
                 outputHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; };
  })nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&one, &two})});

  EXPECT_EQ(build.outcome.exit_code, 1) << build.outcome.describe();
  const auto attempts = build.attempts_of("fetch");
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_NE(attempts[0].at("machine"), attempts[1].at("machine"));
}

TEST_F(FailureTest, EveryLogOfManyFailuresEndsWithItsOwnLastLine) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(
    builtins.genList (i: mk { name = "loud-${toString i}";
      script = "yes 'line of step ${toString i}' | head -c 1000000; echo; echo last of ${toString i}; exit 1"; }) 200
  )nix");

  const auto build =
      firn_build(home, {file, "--keep-going", "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1);
  ASSERT_THAT(build.of("attempt_ended"), SizeIs(200));
  for (int i = 0; i < 200; ++i) {
    const auto attempts = build.attempts_of(fmt::format("loud-{}", i));
    ASSERT_THAT(attempts, SizeIs(1));
    const auto log = read_file(attempts[0].at("log_file"));
    const auto line = fmt::format("line of step {}\n", i);
    EXPECT_TRUE(log.ends_with(fmt::format("\nlast of {}\n", i))) << i;
    ASSERT_EQ(log.size(), 1'000'000 + fmt::format("\nlast of {}\n", i).size());
    for (std::size_t at = 0; at + line.size() < 1'000'000; at += line.size())
      ASSERT_EQ(log.compare(at, line.size(), line), 0) << i;
  }
}

TEST_F(FailureTest, WrongInputIsOneClearMessage) {
  const lab::CoordinatorHost home;
  const auto file = write_nix(home, R"nix({
    throws = throw "the moon is full";
    alien = mk { name = "alien"; script = "echo > $out"; system = "sparc-solaris"; };
  })nix");

  const auto missing = firn_build(home, {"/no/such/file.nix"});
  EXPECT_EQ(missing.outcome.exit_code, 2);
  EXPECT_THAT(missing.outcome.err, HasSubstr("/no/such/file.nix"));

  const auto throws = firn_build(home, {file, "-A", "throws"});
  EXPECT_EQ(throws.outcome.exit_code, 2);
  EXPECT_THAT(throws.outcome.err, HasSubstr("the moon is full"));

  const auto alien = firn_build(home, {file, "-A", "alien"});
  EXPECT_EQ(alien.outcome.exit_code, 3);
  EXPECT_THAT(alien.outcome.err, HasSubstr("sparc-solaris"));
  EXPECT_THAT(alien.outcome.err, HasSubstr("--builders"));
}

TEST_F(FailureTest, AnUnreachableBuilderDoesNotStopTheOthers) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1", .max_jobs = 1});
  const auto file = write_nix(
      home,
      R"nix(builtins.genList (i: mk { name = "s${toString i}"; script = "echo > $out"; }) 6)nix");
  const auto dead = fmt::format("ssh://root@127.0.0.1:9 {} - 4 4\n", lab::current_system());

  const auto with_help = firn_build(home, {file, "-j0", "--builders", dead + machines({&builder})});
  EXPECT_TRUE(with_help.outcome.ok()) << with_help.outcome.describe();

  const auto file_two = write_nix(home, R"nix(mk { name = "alone"; script = "echo > $out"; })nix");
  const auto alone = firn_build(home, {file_two, "-j0", "--builders", dead});
  EXPECT_EQ(alone.outcome.exit_code, 3) << alone.outcome.describe();
  EXPECT_THAT(alone.outcome.err, HasSubstr("127.0.0.1:9"));
  EXPECT_THAT(alone.outcome.err, ContainsRegex("Connection refused|cannot connect"));
}

TEST_F(FailureTest, AnUnknownHostKeyIsNamedAndExplained) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const lab::Builder other(home.key(), {.name = "b2"});
  const auto file = write_nix(home, R"nix(mk { name = "x"; script = "echo > $out"; })nix");
  auto line = builder.machines_line();
  const auto stranger = other.machines_line();
  line.replace(line.rfind(' '), std::string::npos, stranger.substr(stranger.rfind(' ')));

  const auto build = firn_build(home, {file, "-j0", "--builders", line});

  EXPECT_EQ(build.outcome.exit_code, 3) << build.outcome.describe();
  EXPECT_THAT(build.outcome.err, HasSubstr("host key"));
}

TEST_F(FailureTest, ABuildThatPrintsTooMuchHasFailedBehindADaemonToo) {
  const lab::CoordinatorHost home;
  const lab::Builder plain(home.key(), {.name = "b1"});
  const lab::Builder behind(home.key(),
                            {.name = "b2", .host = {.daemon = lab::Daemon{.is_trusted = true}}});
  const auto config = home.dir() / "firn.toml";
  std::ofstream(config) << "[logs]\nceiling = \"1MiB\"\n";
  for (const auto* builder : {&plain, &behind}) {
    const auto file = write_nix(
        home,
        fmt::format(
            R"nix(mk {{ name = "loud-{}"; script = "yes abcdefg | head -c 5000000; sleep 1000"; }})nix",
            builder->name()));

    const auto build =
        firn_build(home, {file, "--config", config, "-j0", "--builders", machines({builder})});

    EXPECT_EQ(build.outcome.exit_code, 1) << build.outcome.describe();
    const auto attempts = build.of("attempt_ended");
    ASSERT_THAT(attempts, SizeIs(1));
    EXPECT_EQ(attempts[0].at("failure"), "log_too_big") << attempts[0].dump(2);
    EXPECT_TRUE(eventually([&] { return is_idle(builder->host()); }, std::chrono::seconds(10)));
  }
}

}  // namespace
}  // namespace firn::testing
