// SPDX-License-Identifier: Apache-2.0
// Builders with Nix of four ages: what a build needs arrives, what it made comes back, and what
// went wrong is told, whichever version of the protocol is spoken.
#include "integration/farm_fixture.h"

#include <chrono>
#include <csignal>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ReleasesTest : public ReleaseTest {
 protected:
  lab::BuilderOptions of_that_age(std::string name = "b1") const {
    return {.name = std::move(name), .host = {.release = GetParam()}};
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

  /// What the build printed. After it Nix 2.3 has a last line of its own about a failure.
  static std::string log_of(const nlohmann::json& attempt) {
    auto log = lab::read_file(attempt.at("log_file").get<std::string>());
    if (GetParam() == lab::kReleases.front() && attempt.at("outcome") != "succeeded") {
      const auto last = log.rfind('\n', log.size() - 2) + 1;
      EXPECT_THAT(log.substr(last), AllOf(StartsWith("builder for '"), HasSubstr("' failed ")));
      log.resize(last);
    }
    return log;
  }

  /// How many programs the builder's sshd has started.
  static std::ptrdiff_t sessions(const lab::Builder& builder) {
    const auto log = builder.sshd().log();
    std::ptrdiff_t count = 0;
    for (auto at = log.find(kSession); at != std::string::npos; at = log.find(kSession, at + 1))
      ++count;
    return count;
  }

  static constexpr std::string_view kSession = "Starting session: command";
};

INSTANTIATE_TEST_SUITE_P(Nix, ReleasesTest, ::testing::ValuesIn(lab::kReleases), release_name);

TEST_P(ReleasesTest, InputsTravelThereAndOutputsBack) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const auto file = write_nix(home, R"nix(rec {
    words = builtins.toFile "words" "hello from afar\n";
    more = builtins.toFile "more" "see ${words}\n";
    here = mk { name = "here"; script = "cat ${more} > $out"; };
    base = mk { name = "base"; script = "mkdir -p $out/bin; echo '#!/bin/sh' > $out/bin/run; chmod +x $out/bin/run;
                                         ln -s ${here} $out/link; : > $out/empty; echo $out > $out/self"; };
    top = mk { name = "top"; script = "cat ${base}/self ${words} > $out"; };
  })nix");
  ASSERT_TRUE(firn_build(home, {file, "-A", "here", "-j1", "--builders", ""}).outcome.ok());
  ASSERT_THAT(builder.host().valid_paths(), IsEmpty());
  const std::vector<std::string> arguments{
      file, "-A", "top", "-j0", "--builders", machines({&builder})};

  const auto build = firn_build(home, arguments);

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.steps(), 2U);
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(2));
  for (const char* attribute : {"here", "base", "top"})
    expect_same(home, builder, outputs(home, file, attribute));

  const auto log_before = builder.sshd().log();
  const auto again = firn_build(home, arguments);
  ASSERT_TRUE(again.outcome.ok()) << again.outcome.describe();
  EXPECT_EQ(again.steps(), 0U);
  EXPECT_EQ(builder.sshd().log(), log_before) << "it connected for nothing";
}

TEST_P(ReleasesTest, EveryKindOfDerivation) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const auto file = write_nix(home, R"nix({
    many = mk { name = "many"; outputs = [ "out" "dev" "doc" ];
                script = "mkdir $dev; echo ${"$"}dev > $out; ln -s $doc $dev/doc; echo text > $doc"; };
    fixed = mk { name = "fixed"; script = "printf abc > $out"; outputHashMode = "flat"; outputHashAlgo = "sha256";
                 outputHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; };
    tree = mk { name = "tree"; script = "mkdir $out; printf abc > $out/file"; outputHashMode = "recursive"; outputHashAlgo = "sha1";
                outputHash = "e6b49196a225446f0d6d1384b53dcc71437336f6"; };
    structured = mk { name = "structured"; builder = "/bin/bash"; __structuredAttrs = true; outputs = [ "out" "doc" ];
                      words = [ "one two" "three" ]; nested.deep = true;
                      script = ''. $NIX_BUILD_TOP/.attrs.sh; printf '%s\n' "''${words[@]}" > ''${outputs[out]}
                                 cat $NIX_BUILD_TOP/.attrs.json > ''${outputs[doc]}''; };
    odd = mk { name = "odd"; text = "ünï\t\"quoted\" \\ \$HOME\nlines\n"; empty = ""; script = ''printf %s "$text$empty" > $out''; };
  })nix");
  const auto build = firn_build(home, {file, "-k", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(5)) << "none was tried twice";
  for (const char* attribute : {"many", "fixed", "tree", "structured", "odd"})
    expect_same(home, builder, outputs(home, file, attribute));
  EXPECT_THAT(outputs(home, file, "many"), SizeIs(3));
  EXPECT_EQ(lab::read_file(home.outside(outputs(home, file, "structured").front())),
            "one two\nthree\n");
  EXPECT_EQ(lab::read_file(home.outside(outputs(home, file, "odd").front())),
            "ünï\t\"quoted\" \\ $HOME\nlines\n");
}

TEST_P(ReleasesTest, AChainKeepsItsSession) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const auto file = write_nix(home, R"nix(let
    link = i: mk { name = "link-${toString i}"; script = if i == 0 then "echo > $out" else "cat ${link (i - 1)} > $out; echo >> $out"; };
  in { top = link 9; })nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.steps(), 10U);
  EXPECT_EQ(sessions(builder), 2) << "one holds the connection, one builds";
  expect_same(home, builder, outputs(home, file, "top"));
}

TEST_P(ReleasesTest, FailuresAreToldAndBlamedRight) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const lab::Builder other(home.key(), of_that_age("b2"));
  const auto file = write_nix(home, R"nix(rec {
    bad = mk { name = "bad"; script = "echo this is why; exit 3"; };
    above = mk { name = "above"; script = "cat ${bad} > $out"; };
    crashed = mk { name = "crashed"; script = "kill -SEGV $$"; };
    killed = mk { name = "killed"; script = "kill -9 $$"; };
    nothing = mk { name = "nothing"; script = "exit 0"; };
    fetch = mk { name = "fetch"; script = "echo no such host; exit 1"; outputHashMode = "flat"; outputHashAlgo = "sha256";
                 outputHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; };
    good = mk { name = "good"; script = "sleep 1; echo > $out"; };
  })nix");

  const auto build =
      firn_build(home, {file, "-k", "-j0", "--builders", machines({&builder, &other})});

  EXPECT_EQ(build.outcome.exit_code, 1) << build.outcome.describe();
  build.expect_failures("bad", "build_failed", 1);
  build.expect_failures("crashed", "build_failed", 1);
  build.expect_failures("killed", "transient_failure", 4);
  build.expect_failures("nothing", "build_failed", 1);
  build.expect_failures("fetch", "fetch_failed", 2);
  EXPECT_THAT(build.attempts_of("above"), IsEmpty());
  EXPECT_THAT(build.attempts_of("bad").at(0).at("message").get<std::string>(),
              HasSubstr("exit code 3"));
  EXPECT_EQ(log_of(build.attempts_of("bad").at(0)), "this is why\n");
  EXPECT_THAT(build.outcome.err, HasSubstr("this is why"));
  EXPECT_TRUE(home.verify_path(outputs(home, file, "good").front()));
}

TEST_P(ReleasesTest, TimeIsLimited) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const auto file = write_nix(home, R"nix({
    slow = mk { name = "slow"; script = "while :; do echo still here; sleep 0.2; done"; };
    silent = mk { name = "silent"; script = "echo once; sleep 1000"; };
  })nix");
  const auto builders = machines({&builder});

  const auto slow =
      firn_build(home, {file, "-A", "slow", "--timeout", "2", "-j0", "--builders", builders});
  EXPECT_EQ(slow.outcome.exit_code, 1) << slow.outcome.describe();
  EXPECT_EQ(slow.attempts_of("slow").at(0).at("failure"), "timed_out");
  EXPECT_THAT(slow.outcome.err, HasSubstr("timed out after 2 seconds"));

  const auto silent = firn_build(
      home, {file, "-A", "silent", "--max-silent-time", "1", "-j0", "--builders", builders});
  EXPECT_EQ(silent.outcome.exit_code, 1) << silent.outcome.describe();
  EXPECT_EQ(silent.attempts_of("silent").at(0).at("failure"), "silent_too_long");
  EXPECT_THAT(silent.outcome.err, HasSubstr("timed out after 1 seconds"));

  for (const auto* build : {&slow, &silent})
    EXPECT_THAT(build->of("attempt_ended"), SizeIs(1)) << "what takes too long is not tried again";
  EXPECT_EQ(builder.host().count_processes("sleep"), 0);
}

TEST_P(ReleasesTest, BigLogsAreWhole) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const auto file = write_nix(home, R"nix({
    loud = mk { name = "loud"; script = "yes abcdefg | head -c 8000000; echo end; exit 1"; };
    proud = mk { name = "proud"; script = "yes abcdefg | head -c 8000000; echo > $out"; };
    half = mk { name = "half"; script = "printf 'no newline'; exit 1"; };
  })nix");

  const auto build = firn_build(home, {file, "-k", "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1);
  const auto loud = log_of(build.attempts_of("loud").at(0));
  EXPECT_EQ(loud.size(), 8'000'004U);
  EXPECT_TRUE(loud.ends_with("abcdefg\nend\n"));
  EXPECT_EQ(build.attempts_of("proud").at(0).at("outcome"), "succeeded");
  EXPECT_EQ(log_of(build.attempts_of("half").at(0)), "no newline\n");
}

TEST_P(ReleasesTest, CtrlCEndsTheBuildThere) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), of_that_age());
  const auto file = write_nix(
      home, R"nix({ slow = mk { name = "slow"; script = "sleep 1000; echo > $out"; }; })nix");
  auto process = home.spawn(firn_command(home, {file, "-j0", "--builders", machines({&builder})}));
  ASSERT_TRUE(eventually([&] { return builder.host().count_processes("sleep") == 1; }, 30s));

  process.signal(SIGINT);

  EXPECT_EQ(process.wait(20s).exit_code, 130);
  EXPECT_TRUE(eventually([&] { return is_idle(builder.host()); }, 10s));
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty());
}

TEST_P(ReleasesTest, ADaemonWithATrustedLoginBuilds) {
  const lab::CoordinatorHost home;
  auto options = of_that_age();
  options.host.daemon = lab::Daemon{.is_trusted = true};
  const lab::Builder builder(home.key(), options);
  const auto file = write_nix(home, R"nix(rec {
    words = builtins.toFile "words" "trust\n";
    base = mk { name = "base"; script = "cat ${words} > $out"; };
    top = mk { name = "top"; script = "cat ${base} > $out; id -un"; };
    bad = mk { name = "bad"; script = "echo no luck; exit 1"; };
  })nix");

  const auto build =
      firn_build(home, {file, "-A", "top", "-j0", "--builders", machines({&builder})});
  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  expect_same(home, builder, outputs(home, file, "top"));
  EXPECT_THAT(log_of(build.attempts_of("top").at(0)), HasSubstr("nixbld"));

  const auto bad = firn_build(home, {file, "-A", "bad", "-j0", "--builders", machines({&builder})});
  EXPECT_EQ(bad.outcome.exit_code, 1) << bad.outcome.describe();
  EXPECT_EQ(bad.attempts_of("bad").at(0).at("failure"), "build_failed");
  EXPECT_EQ(log_of(bad.attempts_of("bad").at(0)), "no luck\n");
}

}  // namespace
}  // namespace firn::testing
