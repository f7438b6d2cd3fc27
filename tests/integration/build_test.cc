// SPDX-License-Identifier: Apache-2.0
// What works when everything works: inputs travel, outputs come back, and nothing is done twice.
#include "integration/farm_fixture.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class BuildTest : public FarmTest {};

constexpr std::string_view kWithInputs = R"nix(rec {
  words = builtins.toFile "words" "hello from afar\n";
  base = mk { name = "base"; script = "cat ${words} > $out"; };
  top = mk { name = "top"; script = "cat ${base} ${base} > $out; echo ${base} >> $out"; };
})nix";

TEST_F(BuildTest, CopiesMissingInputsBuildsAndBringsBack) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, kWithInputs);
  ASSERT_THAT(builder.host().valid_paths(), IsEmpty());

  const auto build =
      firn_build(home, {file, "-A", "top", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.steps(), 2U);
  for (const char* attribute : {"base", "top"}) {
    const auto path = outputs(home, file, attribute).front();
    EXPECT_TRUE(home.verify_path(path));
    EXPECT_TRUE(builder.host().verify_path(path));
    EXPECT_EQ(home.nar_hash(path), builder.host().nar_hash(path));
  }
}

TEST_F(BuildTest, ASecondRunCopiesAndBuildsNothing) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, kWithInputs);
  const std::vector<std::string> arguments{
      file, "-A", "top", "-j0", "--builders", machines({&builder})};
  ASSERT_TRUE(firn_build(home, arguments).outcome.ok());
  const auto log_before = builder.sshd().log();

  const auto again = firn_build(home, arguments);

  ASSERT_TRUE(again.outcome.ok()) << again.outcome.describe();
  EXPECT_EQ(again.steps(), 0U);
  EXPECT_EQ(builder.sshd().log(), log_before) << "it connected for nothing";
}

TEST_F(BuildTest, WhatABuilderHasIsNotSentAgain) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    big = mk { name = "big"; script = "head -c 20000000 /dev/urandom > $out"; };
    first = mk { name = "first"; script = "wc -c < ${big} > $out"; };
    second = mk { name = "second"; script = "wc -c < ${big} > $out; echo >> $out"; };
  })nix");
  ASSERT_TRUE(firn_build(home, {file, "-A", "big", "--builders", "", "-j1"}).outcome.ok());
  ASSERT_TRUE(firn_build(home, {file, "-A", "first", "-j0", "--builders", machines({&builder})})
                  .outcome.ok());

  const auto build =
      firn_build(home, {file, "-A", "second", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto attempts = build.attempts_of("second");
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_LT(attempts[0].at("phases").at("sending_inputs").at("bytes").get<int>(), 100'000);
}

TEST_F(BuildTest, BuildsOnThisMachineWithoutAnyBuilder) {
  const lab::CoordinatorHost home;
  const auto file = write_nix(home, kWithInputs);
  const auto build = firn_build(home, {file, "-A", "top"});
  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_TRUE(home.verify_path(outputs(home, file, "top").front()));
}

TEST_F(BuildTest, MultipleOutputsThatReferToEachOther) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix({
    many = mk { name = "many"; outputs = [ "out" "dev" "doc" ];
                script = "mkdir $dev; echo ${"$"}dev > $out; ln -s $doc $dev/doc; echo text > $doc"; };
  })nix");

  const auto build =
      firn_build(home, {file, "-A", "many", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto paths = outputs(home, file, "many");
  ASSERT_THAT(paths, SizeIs(3));
  for (const auto& path : paths) {
    EXPECT_TRUE(home.verify_path(path));
    EXPECT_EQ(home.nar_hash(path), builder.host().nar_hash(path));
  }
}

TEST_F(BuildTest, FixedOutput) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix({
    fixed = mk { name = "fixed"; script = "printf abc > $out"; outputHashMode = "flat"; outputHashAlgo = "sha256";
                 outputHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; };
  })nix");
  const auto build =
      firn_build(home, {file, "-A", "fixed", "-j0", "--builders", machines({&builder})});
  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_TRUE(home.verify_path(outputs(home, file, "fixed").front()));
}

TEST_F(BuildTest, StepsGoToMachinesThatHaveTheirFeatures) {
  const lab::CoordinatorHost home;
  const lab::Builder plain(home.key(), {.name = "b1"});
  const lab::Builder special(
      home.key(), {.name = "b2", .features = {"kvm"}, .mandatory_features = {"benchmark"}});
  const auto file = write_nix(home, R"nix({
    ordinary = mk { name = "ordinary"; script = "echo > $out"; };
    special = mk { name = "special"; requiredSystemFeatures = [ "kvm" "benchmark" ]; script = "echo > $out"; };
  })nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&plain, &special})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.attempts_of("ordinary").at(0).at("machine"), plain.uri());
  EXPECT_EQ(build.attempts_of("special").at(0).at("machine"), special.uri());
}

TEST_F(BuildTest, OutLinksAreRoots) {
  const lab::CoordinatorHost home;
  const auto file = write_nix(home, kWithInputs);
  const auto link = home.home(home.login()) / "done";
  const auto build = home.run({FIRN_PROGRAM,
                               "build",
                               file,
                               "-A",
                               "top",
                               "--out-link",
                               link,
                               "--log-dir",
                               log_folder(home)});
  ASSERT_TRUE(build.ok()) << build.describe();
  const auto path = outputs(home, file, "top").front();
  EXPECT_EQ(build.out, path + "\n");
  EXPECT_EQ(fs::read_symlink(link), path);

  ASSERT_TRUE(home.run({"nix-store", "--gc"}).ok());
  EXPECT_TRUE(home.verify_path(path));
  fs::remove(link);
  ASSERT_TRUE(home.run({"nix-store", "--gc"}).ok());
  EXPECT_FALSE(home.store_has(path));
}

TEST_F(BuildTest, DryRunSaysWhereAndDoesNothing) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, kWithInputs);
  const auto plan = home.run({FIRN_PROGRAM,
                              "build",
                              file,
                              "-A",
                              "top",
                              "-j0",
                              "--dry-run",
                              "--builders",
                              machines({&builder}),
                              "--log-dir",
                              log_folder(home)});
  ASSERT_TRUE(plan.ok()) << plan.describe();
  EXPECT_THAT(plan.out, HasSubstr("2 derivations would be built"));
  EXPECT_THAT(plan.out, HasSubstr("-base.drv  on " + builder.uri()));
  EXPECT_FALSE(home.store_has(outputs(home, file, "base").front()));
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty());
}

}  // namespace
}  // namespace firn::testing
