// SPDX-License-Identifier: Apache-2.0
// What is gone for a while: our own nix-daemon under two hundred steps, and the only builder.
#include "faults/fault_fixture.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kSteps = 200;
constexpr unsigned kMaxJobs = 4;

/// The most sessions that firn has with one builder, looked at all the while.
class SessionCount {
 public:
  SessionCount(const lab::Host& home, const lab::Builder& builder)
      : home_(home),
        port_(std::to_string(builder.sshd().port())),
        watcher_([this](const std::stop_token& stop) { watch(stop); }) {}

  std::size_t most() const { return most_; }

 private:
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      most_ = std::max(most_.load(), home_.find(lab::role::kClient, port_).size());
      std::this_thread::sleep_for(25ms);
    }
  }

  const lab::Host& home_;
  std::string port_;
  std::atomic<std::size_t> most_ = 0;
  std::jthread watcher_;
};

Working::Fits is(std::string name) {
  return
      [name = std::move(name)](const nlohmann::json& event) { return event.at("event") == name; };
}

class Outage : public FarmTest {};

TEST_F(Outage, OfOurOwnDaemonCostsTwoHundredStepsNothing) {
  lab::CoordinatorHost home({.has_tmpfs_store = true, .daemon = lab::Daemon{.is_trusted = true}});
  const lab::Builder b1(home.key(),
                        {.name = "b1", .max_jobs = kMaxJobs, .host = {.has_tmpfs_store = true}});
  const lab::Builder b2(home.key(),
                        {.name = "b2", .max_jobs = kMaxJobs, .host = {.has_tmpfs_store = true}});
  const auto file = write_nix(
      home,
      R"nix(builtins.genList (i: mk { name = "outage-${toString i}"; script = "echo > $out"; }) 200)nix");
  const SessionCount with_b1(home, b1);
  const SessionCount with_b2(home, b2);
  Working firn(home.spawn(firn_command(home, {file, "-j0", "--builders", machines({&b1, &b2})})));
  std::size_t ended = 0;
  ASSERT_TRUE(firn.await(
      [&](const auto& event) { return event.at("event") == "attempt_ended" && ++ended == 40; },
      60s));
  {
    const lab::DaemonDown down(home);
    std::filesystem::remove(home.outside("/nix/var/nix/daemon-socket/socket"));
    ASSERT_TRUE(firn.await(is("dispatch_paused"), 20s));
    std::this_thread::sleep_for(3s);
  }
  EXPECT_TRUE(firn.await(is("dispatch_resumed"), 30s));
  const auto build = firn.finish(120s);

  EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
  std::size_t succeeded = 0;
  for (const auto& event : build.of("attempt_ended")) {
    if (event.at("outcome") == "succeeded") {
      ++succeeded;
      continue;
    }
    EXPECT_EQ(event.at("failure"), "destination_down") << event.dump(2);
    EXPECT_LE(event.at("try"), 2) << event.dump(2);
  }
  EXPECT_EQ(succeeded, kSteps);
  EXPECT_THAT(build.of("machine_out"), IsEmpty());
  EXPECT_THAT(build.of("dispatch_paused"), SizeIs(1));
  for (const auto* sessions : {&with_b1, &with_b2}) {
    EXPECT_GE(sessions->most(), 1U);
    EXPECT_LE(sessions->most(), 2 * kMaxJobs);
  }
}

TEST_F(Outage, OfABuilderKeepsStepsAwayUntilItAnswers) {
  const lab::CoordinatorHost home({.has_tmpfs_store = true});
  lab::Builder builder(home.key(), {.max_jobs = kMaxJobs, .host = {.has_tmpfs_store = true}});
  const auto file = write_nix(
      home,
      R"nix(builtins.genList (i: mk { name = "waits-${toString i}"; script = "sleep 0.5; echo > $out"; }) 12)nix");
  const auto config = home.dir() / "firn.toml";
  lab::write_file(config, "[machines]\nfirst-wait = \"2s\"\n");
  Working firn(home.spawn(
      firn_command(home, {file, "-j0", "--config", config, "--builders", machines({&builder})})));
  ASSERT_TRUE(firn.await(is("attempt_ended"), 60s));
  {
    const lab::PowerCut cut(builder);
    ASSERT_TRUE(firn.await(is("machine_out"), 20s)) << "by the steps that were there";
    ASSERT_TRUE(firn.await(is("machine_out"), 20s)) << "by a probe";
  }
  const auto build = firn.finish(60s);

  EXPECT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto out = std::ranges::find_if(build.events, is("machine_out"));
  const auto out_again = std::find_if(std::next(out), build.events.end(), is("machine_out"));
  ASSERT_NE(out_again, build.events.end());
  EXPECT_EQ(std::count_if(out, out_again, is("attempt_started")), 0);
  EXPECT_EQ(std::count_if(out_again,
                          build.events.end(),
                          [](const auto& event) {
                            return event.at("event") == "attempt_ended" &&
                                   event.at("outcome") != "succeeded";
                          }),
            0);
}

}  // namespace
}  // namespace firn::testing
