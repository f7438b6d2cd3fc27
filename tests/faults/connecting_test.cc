// SPDX-License-Identifier: Apache-2.0
// Machines that do not answer, or not to the end: the step is tried elsewhere before long.
#include "faults/fault_fixture.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// What is in firn's way, for as long as it lives, and the URI by which it reaches the victim.
struct Obstacle {
  std::unique_ptr<lab::Fault> fault;
  std::unique_ptr<lab::Listener> listener;
  std::string uri;
};

struct ConnectingCase {
  std::string name;
  std::function<Obstacle(lab::CoordinatorHost&, lab::Builder&)> strike;
};

void PrintTo(const ConnectingCase& fault, std::ostream* out) {
  *out << fault.name;
}

Obstacle drop_packets(lab::CoordinatorHost&, lab::Builder& victim) {
  return {.fault = std::make_unique<lab::Blackhole>(victim.host()), .listener = {}, .uri = {}};
}

Obstacle stop_sshd(lab::CoordinatorHost&, lab::Builder& victim) {
  return {.fault = std::make_unique<lab::Stopped>(victim.host(), lab::role::kSshd),
          .listener = {},
          .uri = {}};
}

Obstacle switch_off(lab::CoordinatorHost&, lab::Builder& victim) {
  return {.fault = std::make_unique<lab::PowerCut>(victim), .listener = {}, .uri = {}};
}

/// Accepts, and never says a word.
Obstacle listen_only(lab::CoordinatorHost& home, lab::Builder& victim) {
  auto listener = std::make_unique<lab::Listener>(home);
  auto uri = victim.uri_at(listener->port());
  return {.fault = {}, .listener = std::move(listener), .uri = std::move(uri)};
}

Obstacle reach_program(const lab::Builder& victim, std::string_view name, std::string_view text) {
  const auto program = victim.host().dir() / "bin" / name;
  lab::write_file(program, text);
  fs::permissions(program, fs::perms::owner_all);
  return {.fault = {}, .listener = {}, .uri = victim.uri() + "?remote-program=" + program.string()};
}

/// The login works, and what it starts does not.
Obstacle hang_in_login(lab::CoordinatorHost&, lab::Builder& victim) {
  return reach_program(victim, "hanging", "#!/bin/sh\nexec sleep 1000\n");
}

Obstacle greet_in_part(lab::CoordinatorHost&, lab::Builder& victim) {
  return reach_program(
      victim, "half-greeting", "#!/bin/sh\nprintf '\\313\\104\\122\\124\\0\\0'\nexec sleep 1000\n");
}

class Connecting : public FaultTest, public ::testing::WithParamInterface<ConnectingCase> {};

TEST_P(Connecting, IsGivenUpInTime) {
  auto& victim = *farm().builders.at(1);
  const auto& spare = *farm().others(victim).front();
  const auto file =
      write_nix(home(),
                fmt::format(R"nix({{ step = mk {{ name = "{}"; script = "echo > $out"; }}; }})nix",
                            GetParam().name));
  const auto obstacle = GetParam().strike(home(), victim);
  const auto is_victims_end = [&](const nlohmann::json& event) {
    return event.at("event") == "attempt_ended" &&
           event.at("machine") ==
               (obstacle.listener ? victim.uri_at(obstacle.listener->port()) : victim.uri());
  };

  const auto began = Clock::now();
  auto firn = start(file, preferring(victim, {&spare}, obstacle.uri));
  const auto ended = firn.await(is_victims_end, 40s);
  const auto took = Clock::now() - began;
  const auto build = firn.finish(60s);

  ASSERT_TRUE(ended) << build.outcome.describe();
  EXPECT_LT(took, 10s);
  EXPECT_EQ(ended->at("failure"), "machine_lost") << ended->dump(2);
  EXPECT_EQ(ended->at("outcome"), "retry") << ended->dump(2);
  EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
}

INSTANTIATE_TEST_SUITE_P(
    Obstacles,
    Connecting,
    ::testing::Values(ConnectingCase{.name = "packets_dropped", .strike = drop_packets},
                      ConnectingCase{.name = "sshd_stopped", .strike = stop_sshd},
                      ConnectingCase{.name = "machine_off", .strike = switch_off},
                      ConnectingCase{.name = "accepts_and_never_answers", .strike = listen_only},
                      ConnectingCase{.name = "login_hangs", .strike = hang_in_login},
                      ConnectingCase{.name = "greeting_stops_in_the_middle",
                                     .strike = greet_in_part}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace firn::testing
