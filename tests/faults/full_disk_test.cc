// SPDX-License-Identifier: Apache-2.0
// Stores without room, on either side, and a store of ours that is not there.
#include "faults/fault_fixture.h"

#include <chrono>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using Of = lab::FullStore::Of;

constexpr std::uint64_t kInput = std::uint64_t{16} << 20U;
/// Room for locks, the database and its journal, but for no input.
constexpr std::uint64_t kSpareBytes = std::uint64_t{2} << 20U;
constexpr std::uint64_t kSpareInodes = 12;

/// On which builder, in the order of lab::kReleases, and what its store lacks.
struct FullCase {
  std::string name;
  std::size_t victim = 0;
  Of what = Of::bytes;
  std::uint64_t spare = 0;
  std::string script;
  std::uint64_t input = 0;
};

void PrintTo(const FullCase& fault, std::ostream* out) {
  *out << fault.name;
}

class FullDisk : public FaultTest, public ::testing::WithParamInterface<FullCase> {};

TEST_P(FullDisk, OnABuilderSendsTheStepElsewhere) {
  const auto& fault = GetParam();
  auto& victim = *farm().builders.at(fault.victim);
  const auto& spare = *farm().others(victim).back();
  const auto source =
      fault.input > 0 ? fmt::format("builtins.storePath \"{}\"", add_input(fault.input)) : "null";
  const auto file = write_nix(
      home(),
      fmt::format(R"nix({{ step = mk {{ name = "{}"; source = {}; script = "{}"; }}; }})nix",
                  fault.name,
                  source,
                  fault.script));
  // Its first session has been there: databases are made.
  ASSERT_TRUE(victim.host().run({"nix-store", "--check-validity", "/nix/store"}).exit_code >= 0);
  const lab::FullStore full(victim.host(), fault.what, fault.spare);

  const auto began = Clock::now();
  auto firn = start(file, preferring(victim, {&spare}));
  const auto ended = firn.await(on_machine("attempt_ended", victim), 40s);
  const auto took = Clock::now() - began;
  const auto build = firn.finish(60s);

  ASSERT_TRUE(ended) << build.outcome.describe();
  EXPECT_LT(took, 10s);
  EXPECT_EQ(ended->at("failure"), "disk_full") << ended->dump(2);
  EXPECT_EQ(ended->at("outcome"), "retry") << ended->dump(2);
  EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
  expect_idle();
}

INSTANTIATE_TEST_SUITE_P(
    Builder,
    FullDisk,
    ::testing::Values(FullCase{.name = "no_bytes_for_an_input_nix_2_3",
                               .victim = 0,
                               .spare = kSpareBytes,
                               .script = "echo > $out",
                               .input = kInput},
                      FullCase{.name = "no_bytes_for_an_input_nix_2_8",
                               .victim = 1,
                               .spare = kSpareBytes,
                               .script = "echo > $out",
                               .input = kInput},
                      FullCase{.name = "no_bytes_for_an_input_nix_2_34",
                               .victim = 3,
                               .spare = kSpareBytes,
                               .script = "echo > $out",
                               .input = kInput},
                      FullCase{.name = "no_bytes_at_all",
                               .victim = 1,
                               .spare = 0,
                               .script = "echo > $out",
                               .input = kInput},
                      FullCase{.name = "no_inodes_at_all",
                               .victim = 2,
                               .what = Of::inodes,
                               .spare = 0,
                               .script = "echo > $out",
                               .input = kInput},
                      FullCase{.name = "no_bytes_for_an_output",
                               .victim = 1,
                               .spare = kSpareBytes,
                               .script = "head -c 30000000 /dev/zero > $out"},
                      FullCase{.name = "no_inodes_for_an_output",
                               .victim = 2,
                               .what = Of::inodes,
                               .spare = kSpareInodes,
                               .script = "mkdir $out; cd $out; seq 1000 | xargs touch"}),
    [](const auto& info) { return info.param.name; });

/// What our own store lacks is no machine's fault, and no build's.
class FullDestination : public FaultTest, public ::testing::WithParamInterface<Of> {};

TEST_P(FullDestination, AbortsWithoutBlamingAnybody) {
  const auto file = write_nix(
      home(),
      fmt::format(
          R"nix({{ step = mk {{ name = "step-{}"; script = "mkdir $out; cd $out; seq 3000 | xargs touch; head -c 30000000 /dev/zero > big"; }}; }})nix",
          static_cast<int>(GetParam())));
  auto& builder = *farm().builders.at(1);
  const auto drv = home().run({"nix-instantiate", file, "-A", "step"});
  ASSERT_TRUE(drv.ok()) << drv.describe();
  {
    const lab::FullStore full(
        home(), GetParam(), GetParam() == Of::bytes ? kSpareBytes * 2 : kSpareInodes * 4);
    auto firn = start(file, machines({&builder}));
    const auto build = firn.finish(90s);

    EXPECT_EQ(build.outcome.exit_code, 3) << build.outcome.describe();
    for (const auto& ended : build.of("attempt_ended"))
      EXPECT_EQ(ended.at("failure"), "destination_down") << ended.dump(2);
    EXPECT_THAT(build.of("machine_out"), ::testing::IsEmpty());
    EXPECT_FALSE(home().store_has(outputs(home(), file, "step").front()));
  }
  auto again = start(file, machines({&builder}));
  const auto build = again.finish(60s);
  EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_TRUE(home().verify_path(outputs(home(), file, "step").front()));
  expect_idle();
}

INSTANTIATE_TEST_SUITE_P(Home,
                         FullDestination,
                         ::testing::Values(Of::bytes, Of::inodes),
                         [](const auto& info) {
                           return std::string(info.param == Of::bytes ? "bytes" : "inodes");
                         });

}  // namespace
}  // namespace firn::testing
