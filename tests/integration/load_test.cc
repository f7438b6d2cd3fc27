// SPDX-License-Identifier: Apache-2.0
// Big and many: outputs, inputs and logs that do not fit anywhere, many slots, a collector that
// never rests.
#include "integration/farm_fixture.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class LoadTest : public FarmTest {};

constexpr std::uint64_t kMostRssKib = 64U << 10U;

TEST_F(LoadTest, AnOutputOfOneGibibyteComesBackInBoundedMemory) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix({
    small = mk { name = "small"; script = "echo > $out"; };
    big = mk { name = "big"; script = "truncate -s 1073741824 $out"; };
  })nix");
  const auto idle =
      firn_build(home, {file, "-A", "small", "-j0", "--builders", machines({&builder})});
  ASSERT_TRUE(idle.outcome.ok()) << idle.outcome.describe();

  const auto build =
      firn_build(home, {file, "-A", "big", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto path = outputs(home, file, "big").front();
  EXPECT_TRUE(home.verify_path(path));
  EXPECT_EQ(home.nar_hash(path), builder.host().nar_hash(path));
  EXPECT_LT(build.outcome.peak_rss_kib, idle.outcome.peak_rss_kib + kMostRssKib);
}

TEST_F(LoadTest, TwoGibibytesPassThroughInBoundedMemory) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    small = mk { name = "small"; script = "echo > $out"; };
    big = mk { name = "big"; script = "truncate -s 2147483648 $out"; };
    user = mk { name = "user"; script = "wc -c < ${big} > $out"; };
  })nix");
  const auto idle = firn_build(home, {file, "-A", "small", "-j1", "--builders", ""});
  ASSERT_TRUE(idle.outcome.ok()) << idle.outcome.describe();
  ASSERT_TRUE(firn_build(home, {file, "-A", "big", "-j1", "--builders", ""}).outcome.ok());

  const auto build =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_TRUE(builder.host().store_has(outputs(home, file, "big").front()));
  EXPECT_LT(build.outcome.peak_rss_kib, idle.outcome.peak_rss_kib + kMostRssKib);
}

TEST_F(LoadTest, ATreeOfTwentyThousandFilesArrivesWhole) {
  const lab::CoordinatorHost home({.has_tmpfs_store = true});
  const lab::Builder builder(home.key(), {.name = "b1", .host = {.has_tmpfs_store = true}});
  const auto file = write_nix(home, R"nix(rec {
    tree = mk { name = "tree"; script = ''
      mkdir $out; cd $out; i=0
      while [ $i -lt 200 ]; do mkdir d$i; seq -f "d$i/f%g" 100 | xargs touch; i=$((i + 1)); done
      for d in d*; do for f in $d/*; do echo $f > $f; done; done'' ; };
    user = mk { name = "user"; script = "cat ${tree}/*/* | wc -l > $out"; };
  })nix");
  ASSERT_TRUE(firn_build(home, {file, "-A", "tree", "-j1", "--builders", ""}).outcome.ok());

  const auto build =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto tree = outputs(home, file, "tree").front();
  EXPECT_TRUE(builder.host().verify_path(tree));
  EXPECT_EQ(home.nar_hash(tree), builder.host().nar_hash(tree));
}

TEST_F(LoadTest, FiftyMegabytesOfLogAreAllThere) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(
      home,
      R"nix(mk { name = "loud"; script = "yes abcdefg | head -c 50000000; echo end; exit 1"; })nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1);
  const auto attempts = build.attempts_of("loud");
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(fs::file_size(attempts[0].at("log_file").get<std::string>()), 50'000'004U);
}

TEST_F(LoadTest, OfALogOfEightyMegabytesTheEndsAreKept) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1", .max_jobs = 2});
  const auto file = write_nix(home, R"nix([
    (mk { name = "loud"; script = "echo begin; yes abcdefg | head -c 80000000; echo end; exit 1"; })
    (mk { name = "quiet"; script = "sleep 0.5; echo > $out"; })
  ])nix");

  const auto build =
      firn_build(home, {file, "--keep-going", "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 1);
  const auto attempts = build.attempts_of("loud");
  ASSERT_THAT(attempts, SizeIs(1));
  std::ifstream log(attempts[0].at("log_file").get<std::string>(), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  EXPECT_TRUE(text.starts_with("begin\nabcdefg\n"));
  EXPECT_TRUE(text.ends_with("\nabcdefg\nend\n"));
  EXPECT_NEAR(static_cast<double>(text.size()), double{64U << 20U}, 100);
  EXPECT_THAT(text, HasSubstr(" bytes left out here]\nabcdefg\n"));
  EXPECT_THAT(build.attempts_of("quiet"), SizeIs(1));
  EXPECT_LT(build.outcome.peak_rss_kib, kMostRssKib);
}

TEST_F(LoadTest, StockSshdServesSixteenSlots) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(),
                             {.name = "b1", .sshd = lab::SshdLimits::stock, .max_jobs = 16});
  const auto file = write_nix(
      home,
      R"nix(builtins.genList (i: mk { name = "s${toString i}"; script = "sleep 0.5; echo > $out"; }) 64)nix");

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(64)) << "none was tried twice";
}

TEST_F(LoadTest, TheGarbageCollectorMayRunAllTheTime) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(let
    words = i: builtins.toFile "words-${toString i}" "words ${toString i}\n";
    low = i: mk { name = "low-${toString i}"; script = "sleep 0.2; cat ${words i} > $out"; };
    mid = i: mk { name = "mid-${toString i}"; script = "sleep 0.2; cat ${low i} ${low (i + 1)} > $out"; };
  in mk { name = "top"; script = "cat ${builtins.concatStringsSep " " (builtins.map (i: "${mid i}") (builtins.genList (i: i) 20))} > $out"; })nix");
  std::atomic<bool> done = false;
  std::atomic<int> collections = 0;
  const auto collect = [&](const lab::Host& host) {
    while (!done) {
      EXPECT_TRUE(host.run({"nix-store", "--gc"}).ok());
      ++collections;
    }
  };
  std::jthread here(collect, std::cref(static_cast<const lab::Host&>(home)));
  std::jthread there(collect, std::cref(builder.host()));

  const auto build = firn_build(home, {file, "-j0", "--builders", machines({&builder})});
  done = true;

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_THAT(build.of("attempt_ended"), SizeIs(42)) << "none was tried twice";
  EXPECT_GT(collections, 4);
}

}  // namespace
}  // namespace firn::testing
