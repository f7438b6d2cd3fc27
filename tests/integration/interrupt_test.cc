// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: what ran is gone from the builders, and nothing half done is left.
#include "integration/farm_fixture.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class InterruptTest : public FarmTest {};

TEST_F(InterruptTest, CtrlCEndsBuildsOnTheirMachines) {
  const lab::CoordinatorHost home;
  const lab::Builder one(home.key(), {.name = "b1", .max_jobs = 2});
  const lab::Builder two(home.key(), {.name = "b2", .max_jobs = 2});
  const auto file = write_nix(
      home,
      R"nix(builtins.genList (i: mk { name = "slow-${toString i}"; script = "sleep 1000; echo > $out"; }) 8)nix");
  auto process =
      home.spawn(firn_command(home, {file, "-j1", "--builders", machines({&one, &two})}));
  ASSERT_TRUE(eventually(
      [&] {
        return one.host().count_processes("sleep") == 2 &&
               two.host().count_processes("sleep") == 2 && home.count_processes("sleep") == 1;
      },
      30s));

  process.signal(SIGINT);

  const auto outcome = process.wait(20s);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.describe();
  for (const auto* host : {&one.host(), &two.host()}) {
    EXPECT_TRUE(eventually([&] { return is_idle(*host); }, 10s))
        << fmt::format("{}", fmt::join(host->processes(), "\n"));
    EXPECT_THAT(host->valid_paths(), IsEmpty());
  }
  EXPECT_TRUE(eventually([&] { return is_idle(home); }, 10s))
      << fmt::format("{}", fmt::join(home.processes(), "\n"));
}

TEST_F(InterruptTest, CtrlCWhileSendingLeavesNothingHalfRegistered) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, R"nix(rec {
    big = mk { name = "big"; script = "truncate -s 500000000 $out"; };
    user = mk { name = "user"; script = "wc -c < ${big} > $out"; };
  })nix");
  ASSERT_TRUE(firn_build(home, {file, "-A", "big", "-j1", "--builders", ""}).outcome.ok());
  auto process = home.spawn(
      firn_command(home, {file, "-A", "user", "-j0", "--builders", machines({&builder})}));
  ASSERT_TRUE(process.wait_for_output("bytes_moved", 30s));

  process.signal(SIGINT);

  const auto outcome = process.wait(20s);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.describe();
  EXPECT_TRUE(eventually([&] { return is_idle(builder.host()); }, 10s));
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty());
  const auto again =
      firn_build(home, {file, "-A", "user", "-j0", "--builders", machines({&builder})});
  EXPECT_TRUE(again.outcome.ok()) << again.outcome.describe();
}

TEST_F(InterruptTest, CtrlCDuringEvaluationEndsIt) {
  const lab::CoordinatorHost home;
  const auto file = write_nix(
      home,
      R"nix(let go = n: if n == 0 then 0 else go (n - 1) + go (n - 1); in builtins.seq (go 60) null)nix");
  auto process = home.spawn(firn_command(home, {file}));
  ASSERT_TRUE(eventually([&] { return home.count_processes("nix-instantiate") == 1; }, 10s));

  process.signal(SIGINT);

  EXPECT_EQ(process.wait(10s).exit_code, 130);
  EXPECT_EQ(home.count_processes("nix-instantiate"), 0);
}

}  // namespace
}  // namespace firn::testing
