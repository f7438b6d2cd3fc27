// SPDX-License-Identifier: Apache-2.0
// Every way in which a machine or the way to it can fail, in every phase of a step: the slot is
// free within the bound, the class is the expected one, and the step succeeds elsewhere.
#include "faults/fault_fixture.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using Undo = std::unique_ptr<lab::Fault>;

/// A fault, and what firn makes of it.
struct FaultCase {
  std::string name;
  /// Which builder, in the order of lab::kReleases.
  std::size_t victim = 0;
  std::function<Undo(lab::CoordinatorHost&, lab::Builder&)> strike;
  /// From the strike to the slot's end.
  std::chrono::milliseconds bound{};
  std::string failure;
};

void PrintTo(const FaultCase& fault, std::ostream* out) {
  *out << fault.name;
}

std::string name_of(const ::testing::TestParamInfo<FaultCase>& info) {
  return info.param.name;
}

bool is_ours(std::string_view role) {
  return role == lab::role::kMaster || role == lab::role::kClient;
}

Undo cut_power(lab::CoordinatorHost&, lab::Builder& victim) {
  return std::make_unique<lab::PowerCut>(victim);
}

Undo drop_packets(lab::CoordinatorHost&, lab::Builder& victim) {
  return std::make_unique<lab::Blackhole>(victim.host());
}

/// Beside firn, only what belongs to this builder.
auto stop(std::string_view role) {
  return [role](lab::CoordinatorHost& home, lab::Builder& victim) -> Undo {
    if (is_ours(role)) return std::make_unique<lab::Stopped>(home, role, victim.address());
    return std::make_unique<lab::Stopped>(victim.host(), role);
  };
}

auto kill(std::string_view role) {
  return [role](lab::CoordinatorHost& home, lab::Builder& victim) -> Undo {
    if (is_ours(role)) {
      lab::kill_processes(home, role, victim.address());
    } else {
      lab::kill_processes(victim.host(), role);
    }
    return nullptr;
  };
}

class PhaseTest : public FaultTest, public ::testing::WithParamInterface<FaultCase> {
 protected:
  /// One step of this script; `strike` comes when the victim enters the phase.
  static void expect_moved_elsewhere(const std::string& phase, const std::string& step) {
    const auto& fault = GetParam();
    auto& victim = *farm().builders.at(fault.victim);
    const auto& spare = *farm().others(victim).front();
    const auto file = write_nix(home(), step);
    auto firn = start(file, preferring(victim, {&spare}));
    ASSERT_TRUE(firn.await(in_phase(phase, victim), 30s)) << firn.finish(60s).outcome.describe();

    const auto began = Clock::now();
    const auto undo = fault.strike(home(), victim);
    const auto ended = firn.await(on_machine("attempt_ended", victim), fault.bound + 30s);
    const auto took = Clock::now() - began;

    ASSERT_TRUE(ended) << firn.finish(60s).outcome.describe();
    EXPECT_LT(took, fault.bound);
    EXPECT_EQ(ended->at("failure"), fault.failure) << ended->dump(2);
    EXPECT_EQ(ended->at("outcome"), "retry") << ended->dump(2);
    const auto build = firn.finish(60s);
    EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
    expect_same_output(file, spare);
  }

  static void expect_same_output(const std::string& file, const lab::Builder& spare) {
    const auto path = outputs(home(), file, "step").front();
    EXPECT_TRUE(home().verify_path(path));
    EXPECT_EQ(home().nar_hash(path), spare.host().nar_hash(path));
  }

  void TearDown() override {
    if (!IsSkipped()) expect_idle();
  }

  static constexpr std::uint64_t kBig = std::uint64_t{64} << 20U;
};

class Sending : public PhaseTest {};

TEST_P(Sending, IsTriedElsewhere) {
  const auto input = add_input(kBig);
  expect_moved_elsewhere(
      "sending_inputs",
      fmt::format(
          R"nix({{ step = mk {{ name = "{}"; script = "wc -c < ${{builtins.storePath "{}"}} > $out"; }}; }})nix",
          GetParam().name,
          input));
}

class Building : public PhaseTest {};

TEST_P(Building, IsTriedElsewhere) {
  expect_moved_elsewhere(
      "building",
      fmt::format(R"nix({{ step = mk {{ name = "{}"; script = "sleep 1; echo > $out"; }}; }})nix",
                  GetParam().name));
}

class Receiving : public PhaseTest {};

TEST_P(Receiving, IsTriedElsewhere) {
  expect_moved_elsewhere(
      "receiving_outputs",
      fmt::format(R"nix({{ step = mk {{ name = "{}"; script = "truncate -s {} $out"; }}; }})nix",
                  GetParam().name,
                  kBig));
}

constexpr std::size_t kNix23 = 0;
constexpr std::size_t kNix28 = 1;
constexpr std::size_t kNix226 = 2;
constexpr std::size_t kNix234 = 3;

std::vector<FaultCase> sudden_ends(const std::string& phase) {
  return {
      {"power_cut_while_" + phase, kNix28, cut_power, 5s, "machine_lost"},
      {"remote_nix_store_killed_while_" + phase,
       kNix23,
       kill(lab::role::kServer),
       5s,
       "machine_lost"},
      {"sshd_session_killed_while_" + phase,
       kNix226,
       kill(lab::role::kSshdSession),
       5s,
       "machine_lost"},
      {"our_ssh_master_killed_while_" + phase,
       kNix28,
       kill(lab::role::kMaster),
       5s,
       "machine_lost"},
      {"our_ssh_client_killed_while_" + phase,
       kNix234,
       kill(lab::role::kClient),
       5s,
       "machine_lost"},
  };
}

/// What hangs does not say so: keepalives of ssh find it, or a watchdog whose class is `stalled`.
std::vector<FaultCase> silent_ends(const std::string& phase, const std::string& stalled) {
  return {
      {"packets_dropped_while_" + phase, kNix28, drop_packets, 10s, "machine_lost"},
      {"sshd_session_stopped_while_" + phase,
       kNix234,
       stop(lab::role::kSshdSession),
       10s,
       "machine_lost"},
      {"remote_nix_store_2_3_stopped_while_" + phase,
       kNix23,
       stop(lab::role::kServer),
       10s,
       stalled},
      {"remote_nix_store_2_26_stopped_while_" + phase,
       kNix226,
       stop(lab::role::kServer),
       10s,
       stalled},
      {"our_ssh_master_stopped_while_" + phase, kNix28, stop(lab::role::kMaster), 10s, stalled},
  };
}

INSTANTIATE_TEST_SUITE_P(Silent,
                         Sending,
                         ::testing::ValuesIn(silent_ends("sending", "transfer_stalled")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Silent,
                         Building,
                         ::testing::ValuesIn(silent_ends("building", "silent_by_our_clock")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Silent,
                         Receiving,
                         ::testing::ValuesIn(silent_ends("receiving", "transfer_stalled")),
                         name_of);

INSTANTIATE_TEST_SUITE_P(Killed, Sending, ::testing::ValuesIn(sudden_ends("sending")), name_of);
INSTANTIATE_TEST_SUITE_P(Killed, Building, ::testing::ValuesIn(sudden_ends("building")), name_of);
INSTANTIATE_TEST_SUITE_P(Killed, Receiving, ::testing::ValuesIn(sudden_ends("receiving")), name_of);

}  // namespace
}  // namespace firn::testing
