// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "lab/builder.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::lab {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

/// One derivation with one copied source; $out holds the source's bytes and the build's user.
constexpr std::string_view kExpression = R"nix(
derivation {
  name = "greeting";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" "read -r words < $src; echo \"$words\" > $out" ];
  src = builtins.toFile "words" "hello from afar\n";
}
)nix";

class Lab : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto reasons = lacking(); !reasons.empty())
      GTEST_SKIP() << fmt::format("{}", fmt::join(reasons, "\n"));
  }
};

std::string must_succeed(const Outcome& outcome) {
  if (!outcome.ok()) throw Error(Kind::internal, outcome.describe());
  return outcome.out.substr(0, outcome.out.find('\n'));
}

std::string stock_build(const CoordinatorHost& host, const std::string& machines) {
  write_file(host.dir() / "greeting.nix", kExpression);
  return must_succeed(host.run(
      {"nix-build", host.dir() / "greeting.nix", "--no-out-link", "-j0", "--builders", machines}));
}

/// Such as 34 for 2.34.8.
int minor_of(std::string_view version) {
  return std::stoi(std::string(version.substr(version.find('.') + 1)));
}

/// Whether `sleep SECONDS` runs anywhere on this machine.
bool sleeps(std::string_view seconds) {
  const auto wanted = std::string("sleep") + '\0' + std::string(seconds) + '\0';
  return std::ranges::any_of(fs::directory_iterator("/proc"), [&](const auto& entry) {
    std::ifstream in(entry.path() / "cmdline");
    return std::string(std::istreambuf_iterator<char>(in), {}) == wanted;
  });
}

}  // namespace

TEST_F(Lab, StockNixBuildsThroughSshOnABuilderWithItsOwnStore) {
  const CoordinatorHost home;
  const Builder builder(home.key(), {.name = "b1"});
  home.introduce(builder);
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty());

  const auto out = stock_build(home, builder.stock_machines_line());

  EXPECT_TRUE(home.verify_path(out));
  EXPECT_TRUE(builder.host().verify_path(out));
  EXPECT_EQ(home.nar_hash(out), builder.host().nar_hash(out));
  EXPECT_EQ(read_file(builder.host().outside(out)), "hello from afar\n");
  EXPECT_FALSE(fs::exists(out)) << "it stands in this machine's real store";
  EXPECT_THAT(builder.sshd().log(), HasSubstr("Accepted publickey"));
}

TEST_F(Lab, BuildersHaveStoresOfTheirOwn) {
  const CoordinatorHost home;
  const Builder one(home.key(), {.name = "b1", .features = {"kvm"}});
  const Builder two(home.key(), {.name = "b2", .host = {.has_tmpfs_store = true}});
  write_file(one.host().dir() / "file", "x");
  const auto path = must_succeed(one.host().run({"nix-store", "--add", one.host().dir() / "file"}));
  EXPECT_TRUE(one.host().store_has(path));
  EXPECT_FALSE(two.host().store_has(path));
  EXPECT_THAT(one.machines_line(), HasSubstr(" kvm - "));
  EXPECT_NE(one.sshd().port(), two.sshd().port());
  EXPECT_THAT(one.host().valid_paths(), ElementsAre(path));
  EXPECT_THAT(two.host().valid_paths(), IsEmpty());
}

class LabRelease : public Lab, public ::testing::WithParamInterface<Release> {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    if (const auto reason = reason_to_skip(GetParam()); !reason.empty()) GTEST_SKIP() << reason;
  }
};

INSTANTIATE_TEST_SUITE_P(Releases,
                         LabRelease,
                         ::testing::ValuesIn(kReleases),
                         [](const auto& info) { return std::string(info.param.suite); });

TEST_P(LabRelease, IsABuilder) {
  const CoordinatorHost home;
  const Builder builder(home.key(), {.name = "b1", .host = {.release = GetParam()}});
  home.introduce(builder);
  const auto out = stock_build(home, builder.stock_machines_line());
  EXPECT_TRUE(builder.host().verify_path(out));
  EXPECT_EQ(home.nar_hash(out), builder.host().nar_hash(out));
}

TEST_P(LabRelease, IsAClient) {
  const CoordinatorHost home({.release = GetParam()});
  const Builder builder(home.key(), {.name = "b1", .host = {.release = GetParam()}});
  home.introduce(builder);
  const auto out = stock_build(home, builder.stock_machines_line());
  EXPECT_TRUE(home.verify_path(out));
  EXPECT_EQ(home.nar_hash(out), builder.host().nar_hash(out));
}

TEST_P(LabRelease, HasTheNixOfItsYear) {
  const Host host(HostOptions{.release = GetParam()});
  const auto words = must_succeed(host.run({"nix-store", "--version"}));
  const int minor = minor_of(words.substr(words.rfind(' ') + 1));
  if (GetParam() == kReleases.back()) {
    EXPECT_GE(minor, minor_of(GetParam().nix)) << "a release that is still in the making moves on";
  } else {
    EXPECT_EQ(minor, minor_of(GetParam().nix));
  }
  EXPECT_THAT(host.valid_paths(), IsEmpty());
}

TEST_P(LabRelease, HasADaemon) {
  const Host host(HostOptions{.release = GetParam(), .daemon = Daemon{}});
  write_file(host.dir() / "greeting.nix", kExpression);
  const auto out =
      must_succeed(host.run({"nix-build", host.dir() / "greeting.nix", "--no-out-link"}));
  EXPECT_TRUE(host.verify_path(out));
}

TEST_F(Lab, AnOrdinaryLoginBuildsThroughTheDaemon) {
  const CoordinatorHost home({.daemon = Daemon{.is_trusted = false}});
  EXPECT_EQ(must_succeed(home.run({"id", "-un"})), "firn-lab");
  write_file(home.dir() / "who.nix",
             R"(derivation { name = "who"; system = builtins.currentSystem; builder = "/bin/sh";
                             args = [ "-c" "id -un > $out" ]; PATH = "/usr/bin:/bin"; })");
  const auto out = must_succeed(home.run({"nix-build", home.dir() / "who.nix", "--no-out-link"}));
  EXPECT_THAT(read_file(home.outside(out)), HasSubstr("nixbld"));
}

TEST_F(Lab, TrustDecidesWhetherUnsignedPathsAreTaken) {
  for (const bool is_trusted : {true, false}) {
    const CoordinatorHost home;
    const Builder builder(home.key(),
                          {.name = "b1", .host = {.daemon = Daemon{.is_trusted = is_trusted}}});
    home.introduce(builder);
    write_file(home.dir() / "greeting.nix", kExpression);
    const auto out =
        must_succeed(home.run({"nix-build", home.dir() / "greeting.nix", "--no-out-link"}));
    const auto copied = home.run({"nix-copy-closure", "--to", "b1", out});
    EXPECT_EQ(copied.ok(), is_trusted) << copied.describe();
    EXPECT_EQ(builder.host().store_has(out), is_trusted);
  }
}

TEST_F(Lab, AStockSshdTakesTenSessionsOnOneConnection) {
  const CoordinatorHost home;
  const Builder builder(home.key(), {.name = "b1", .sshd = SshdLimits::stock});
  home.introduce(builder);
  const auto script =
      "ssh -fNM -oControlPath=$HOME/mux b1 && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "
      "ssh -oControlPath=$HOME/mux -oProxyCommand=false b1 'sleep 2; echo done' & done; wait";
  const auto outcome = home.run({"/bin/sh", "-c", script});
  EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 10) << outcome.describe();
}

TEST_F(Lab, SignalsReachTheProcessItself) {
  const CoordinatorHost home;
  auto process = home.spawn(
      {"/bin/sh", "-c", "trap 'echo caught; exit 7' INT; echo up; while :; do sleep 0.05; done"});
  ASSERT_TRUE(process.wait_for_output("up", seconds(5)));
  process.signal(SIGINT);
  const auto outcome = process.wait(seconds(5));
  EXPECT_EQ(outcome.exit_code, 7) << outcome.describe();
  EXPECT_EQ(outcome.out, "up\ncaught\n");
}

TEST_F(Lab, MemoryIsThatOfTheProcessItself) {
  const CoordinatorHost home;
  const auto outcome =
      home.run({"/bin/sh", "-c", "head -c 100M /dev/zero | tail -c 100M >/dev/null"});
  EXPECT_GT(outcome.peak_rss_kib, 100U);
  EXPECT_LT(outcome.peak_rss_kib, 20000U) << "that is what `tail` holds";
}

TEST_F(Lab, LeavingTheScopeLeavesNothing) {
  fs::path dir;
  int before = 0;
  {
    const CoordinatorHost home;
    const Builder builder(home.key(), {});
    dir = builder.host().dir();
    must_succeed(
        builder.host().run({"/bin/sh", "-c", "setsid sleep 4711 >/dev/null 2>&1 & sleep 0.1"}));
    before = builder.host().count_processes("sleep");
  }
  EXPECT_EQ(before, 1);
  EXPECT_FALSE(fs::exists(dir));
  EXPECT_FALSE(sleeps("4711"));
}

TEST_F(Lab, AKilledHarnessLeavesNoProcessAndTheNextOneSweeps) {
  // The program that stands beside this test: it holds a builder while its command sleeps.
  const auto program = fs::read_symlink("/proc/self/exe").parent_path() / ".." / ".." / "firn-lab";
  if (!fs::exists(program)) GTEST_SKIP() << program << " is not built";
  fs::path dir;
  {
    Process harness(
        {.argv = {
             program, "up", "1", "--", "/bin/sh", "-c", "echo $FIRN_LAB_DIR; exec sleep 4712"}});
    ASSERT_TRUE(harness.wait_for_output("\n", seconds(20))) << harness.err();
    dir = harness.out().substr(0, harness.out().find('\n'));
    EXPECT_TRUE(fs::exists(dir / "machines"));
    EXPECT_TRUE(sleeps("4712"));
  }
  for (int i = 0; i < 100 && sleeps("4712"); ++i)
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(sleeps("4712"));
  sweep_dead_temp_dirs();
  EXPECT_FALSE(fs::exists(dir));
}

}  // namespace firn::lab
