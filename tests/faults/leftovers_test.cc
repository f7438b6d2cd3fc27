// SPDX-License-Identifier: Apache-2.0
// firn interrupted and firn killed, in every phase of a step: ten seconds later nothing of it is
// left on the builder, nothing is half registered, and a new start repeats only what was in flight.
#include "faults/fault_fixture.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kAllGone{10};
constexpr std::uint64_t kBig = std::uint64_t{64} << 20U;

struct EndCase {
  std::string phase;
  /// Which builder, in the order of lab::kReleases.
  std::size_t victim = 0;
  std::string script;
  bool has_big_input = false;
  /// Its server stands still before firn ends.
  bool is_stopped = false;
};

void PrintTo(const EndCase& end, std::ostream* out) {
  *out << end.phase;
}

bool is_left(const std::string& process) {
  return std::ranges::any_of(
      std::vector<std::string_view>{"nix-store", "sleep", lab::role::kSshdSession, "exec sh -c"},
      [&](std::string_view words) { return process.find(words) != std::string::npos; });
}

bool is_deserted(const lab::Host& host) {
  return std::ranges::none_of(host.processes(), is_left);
}

class LeftoversTest : public FaultTest, public ::testing::WithParamInterface<EndCase> {
 protected:
  static lab::Builder& victim() { return *farm().builders.at(GetParam().victim); }

  /// Two steps, of which the second one is in the case's phase when firn gets the signal.
  std::string write_steps(std::string_view name) {
    const auto& end = GetParam();
    const auto input =
        end.has_big_input ? fmt::format("${{builtins.storePath \"{}\"}}", add_input(kBig)) : "none";
    return write_nix(home(),
                     fmt::format(R"nix({{ step = mk {{
      name = "{0}-{1}-{4}";
      script = "echo {2}; cat ${{mk {{ name = "base-{0}-{1}-{4}"; script = "echo > $out"; }}}}; {3}";
    }}; }})nix",
                                 name,
                                 end.phase,
                                 input,
                                 end.script,
                                 end.victim));
  }

  /// The first step passes the phase, but for that of sending: it has no inputs.
  Working start_until_phase(const std::string& file) {
    const auto& phase = GetParam().phase;
    auto firn = start(file, machines({&victim()}));
    const auto fits =
        phase == "connecting" ? on_machine("attempt_started", victim()) : in_phase(phase, victim());
    const bool is_reached =
        (phase == "sending_inputs" || firn.await(fits, 60s)) && firn.await(fits, 60s).has_value();
    EXPECT_TRUE(is_reached) << firn.finish(60s).outcome.describe();
    return firn;
  }

  static void expect_nothing_left() {
    const auto& host = victim().host();
    EXPECT_TRUE(eventually([&] { return is_deserted(host); }, kAllGone))
        << fmt::format("{}", fmt::join(host.processes(), "\n"));
    EXPECT_TRUE(eventually(
        [&] {
          return std::ranges::none_of(home().processes(), [](const std::string& process) {
            return process.find("-oControlMaster") != std::string::npos;
          });
        },
        kAllGone))
        << fmt::format("{}", fmt::join(home().processes(), "\n"));
  }

  void expect_rest_is_built(const std::string& file) {
    if (GetParam().phase == "building") {
      EXPECT_FALSE(home().store_has(outputs(home(), file, "step").front()));
      return;
    }
    const auto again = start(file, machines({&victim()})).finish(60s);
    ASSERT_TRUE(again.outcome.ok()) << again.outcome.describe();
    EXPECT_LE(again.steps(), 1U) << "what was done is not repeated";
    EXPECT_TRUE(home().verify_path(outputs(home(), file, "step").front()));
  }

  std::unique_ptr<lab::Fault> strike() const {
    if (!GetParam().is_stopped) return nullptr;
    return std::make_unique<lab::Stopped>(victim().host(), lab::role::kServer);
  }
};

TEST_P(LeftoversTest, InterruptedItLeavesNothing) {
  const auto file = write_steps("interrupted");
  auto firn = start_until_phase(file);
  {
    const auto fault = strike();
    firn.process().signal(SIGINT);
    const auto build = firn.finish(20s);
    EXPECT_EQ(build.outcome.exit_code, 130) << build.outcome.describe();
    for (const auto& ended : build.of("attempt_ended")) {
      EXPECT_TRUE(ended.at("outcome") == "cancelled" || ended.at("outcome") == "succeeded")
          << ended.dump(2);
    }
    expect_nothing_left();
  }
  expect_rest_is_built(file);
}

TEST_P(LeftoversTest, KilledItLeavesNothing) {
  const auto file = write_steps("killed");
  auto firn = start_until_phase(file);
  {
    const auto fault = strike();
    firn.process().signal(SIGKILL);
    EXPECT_EQ(firn.finish(20s).outcome.signal, SIGKILL);
    expect_nothing_left();
  }
  expect_rest_is_built(file);
}

const std::vector<EndCase> kEnds{
    {.phase = "connecting", .victim = 1, .script = "echo > $out"},
    {.phase = "sending_inputs", .victim = 2, .script = "echo > $out", .has_big_input = true},
    {.phase = "building", .victim = 0, .script = "sleep 1000; echo > $out"},
    {.phase = "waiting_for_a_transfer_slot", .victim = 3, .script = "truncate -s 8M $out"},
    {.phase = "receiving_outputs", .victim = 1, .script = "truncate -s 64M $out"},
    {.phase = "publishing", .victim = 2, .script = "truncate -s 8M $out"},
};

INSTANTIATE_TEST_SUITE_P(Phases, LeftoversTest, ::testing::ValuesIn(kEnds), [](const auto& info) {
  return info.param.phase;
});

/// A server that does not see the end of its input, on each release.
const std::vector<EndCase> kStopped{
    {.phase = "building", .victim = 0, .script = "sleep 1000; echo > $out", .is_stopped = true},
    {.phase = "building", .victim = 1, .script = "sleep 1001; echo > $out", .is_stopped = true},
    {.phase = "building", .victim = 2, .script = "sleep 1002; echo > $out", .is_stopped = true},
    {.phase = "building", .victim = 3, .script = "sleep 1003; echo > $out", .is_stopped = true},
};

INSTANTIATE_TEST_SUITE_P(Stopped,
                         LeftoversTest,
                         ::testing::ValuesIn(kStopped),
                         [](const auto& info) {
                           return fmt::format("server_{}", info.param.victim);
                         });

}  // namespace
}  // namespace firn::testing
