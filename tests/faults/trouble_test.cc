// SPDX-License-Identifier: Apache-2.0
// What looks like a fault and is none: links that are slow, builds that shout, clocks that are
// wrong, limits that sshd has, and a store of ours that was away for a moment.
#include "faults/fault_fixture.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

/// As Debian has it, for any architecture.
fs::path find_faketime() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib", ignored)) {
    const auto library = entry.path() / "faketime/libfaketime.so.1";
    if (fs::exists(library, ignored)) return library;
  }
  return {};
}

class Trouble : public FaultTest {
 protected:
  /// Everything went well at the first try.
  static void expect_no_fault(const Build& build, std::size_t steps) {
    ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
    EXPECT_THAT(build.of("attempt_ended"), SizeIs(steps)) << "none was tried twice";
    EXPECT_THAT(build.of("machine_out"), IsEmpty());
  }

  void TearDown() override {
    if (!IsSkipped()) expect_idle();
  }
};

/// 50 ms and 1 Mbit/s: both ways take longer than any limit on silence.
TEST_F(Trouble, ASlowLinkIsNotAStalledOne) {
  const auto& builder = *farm().builders.at(1);
  const lab::SlowLink link(
      home(), builder.address(), builder.sshd().port(), {.bytes_a_second = 125'000, .delay = 25ms});
  const auto file = write_nix(
      home(),
      fmt::format(
          R"nix({{ step = mk {{ name = "slow-link"; script = "head -c 700000 ${{builtins.storePath "{}"}} > $out"; }}; }})nix",
          add_input(800'000)));
  auto firn = start(file, builder.machines_line(builder.uri_at(link.port())));
  const auto build = firn.finish(60s);
  expect_no_fault(build, 1);
  const auto phases = build.of("attempt_ended").at(0).at("phases");
  EXPECT_GT(phases.at("sending_inputs").at("ms"), 4'000) << "it was not slow at all";
  EXPECT_GT(phases.at("receiving_outputs").at("ms"), 4'000) << "it was not slow at all";
}

/// The server fills every pipe towards us while we fill every pipe towards it.
TEST_F(Trouble, BothWaysAreFullAtOnce) {
  const auto& builder = *farm().builders.at(1);
  const auto program = builder.host().dir() / "bin" / "talkative";
  lab::write_file(
      program,
      "#!/bin/sh\n(yes 'so much to say' | head -c 60000000 >&2) &\nexec nix-store \"$@\"\n");
  fs::permissions(program, fs::perms::owner_all);
  const auto file = write_nix(
      home(),
      fmt::format(
          R"nix({{ step = mk {{ name = "both-ways"; script = "cat ${{builtins.storePath "{}"}} > $out"; }}; }})nix",
          add_input(60'000'000)));
  auto firn =
      start(file, builder.machines_line(builder.uri() + "?remote-program=" + program.string()));
  expect_no_fault(firn.finish(60s), 1);
}

TEST_F(Trouble, AHundredMegabytesOfLogAtOnce) {
  const auto& builder = *farm().builders.at(3);
  const auto file = write_nix(
      home(),
      R"nix({ step = mk { name = "shouting"; script = "yes $(seq -s- 200) | head -c 100000000; echo; echo > $out"; }; })nix");
  auto firn = start(file, machines({&builder}));
  const auto build = firn.finish(120s);
  expect_no_fault(build, 1);
}

/// Once a session is open its bytes pass through the master alone.
TEST_F(Trouble, SshClientsOfOursThatStandStill) {
  const auto& builder = *farm().builders.at(2);
  const auto file = write_nix(
      home(),
      R"nix({ step = mk { name = "stopped-client"; script = "sleep 1; echo > $out"; }; })nix");
  auto firn = start(file, machines({&builder}));
  ASSERT_TRUE(firn.await(in_phase("building", builder), 30s));
  const lab::Stopped stopped(home(), lab::role::kClient, builder.address());
  expect_no_fault(firn.finish(60s), 1);
}

/// Sixteen slots meet MaxSessions 10 and MaxStartups 10:30:100.
TEST_F(Trouble, AStockSshdWithSixteenSlots) {
  const lab::Builder builder(home().key(),
                             {.name = "stock",
                              .sshd = lab::SshdLimits::stock,
                              .max_jobs = 16,
                              .cabled_to = &home(),
                              .host = {.has_tmpfs_store = true}});
  const auto file = write_nix(
      home(),
      R"nix(builtins.genList (i: mk { name = "stock-${toString i}"; script = "sleep 0.5; echo > $out"; }) 48)nix");
  auto firn = start(file, machines({&builder}));
  expect_no_fault(firn.finish(60s), 48);
}

/// Every program of a session on the builder lives in another day.
TEST_F(Trouble, ClocksThatAreADayOff) {
  const auto library = find_faketime();
  if (library.empty()) GTEST_SKIP() << "no libfaketime: install the package libfaketime";
  for (const auto* offset : {"+1d", "-1d"}) {
    const lab::Builder builder(
        home().key(),
        {.name = "elsewhen",
         .max_jobs = 2,
         .environment = {{"LD_PRELOAD", library.string()}, {"FAKETIME", offset}},
         .cabled_to = &home(),
         .host = {.has_tmpfs_store = true}});
    const auto file =
        write_nix(home(),
                  fmt::format(
                      R"nix(rec {{ first = mk {{ name = "clock{0}"; script = "echo > $out"; }};
                         step = mk {{ name = "clock-user{0}"; script = "cat ${{first}} > $out"; }}; }})nix",
                      offset));
    auto firn = start(file, machines({&builder}));
    expect_no_fault(firn.finish(60s), 2);
    const auto known =
        builder.host().run({"nix", "path-info", "--json", outputs(home(), file, "step").front()});
    const auto registered = nlohmann::json::parse(known.out).at(0).at("registrationTime");
    EXPECT_GT(std::abs(registered.get<std::int64_t>() - std::time(nullptr)), 80'000)
        << "the builder's clock was right";
  }
}

}  // namespace
}  // namespace firn::testing
