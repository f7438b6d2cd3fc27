// SPDX-License-Identifier: Apache-2.0
#include "farm/probe.h"

#include "aio/phase.h"
#include "support/farm_run.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// The way to a machine that may be switched off.
class Door final : public transport::Connector {
 public:
  Door(std::unique_ptr<transport::Connector> way, std::function<void()> knock)
      : way_(std::move(way)), knock_(std::move(knock)) {}

  aio::Task<std::unique_ptr<transport::Link>> open() override {
    knock_();
    co_return co_await way_->open();
  }

  void forbid_delegation() override { way_->forbid_delegation(); }

  bool learn_refusal(const transport::Link& link, std::string_view words) override {
    return way_->learn_refusal(link, words);
  }

  aio::Task<void> close() override { return way_->close(); }

 private:
  std::unique_ptr<transport::Connector> way_;
  std::function<void()> knock_;
};

/// b1 loses power while it builds the first step, and is out with that.
class ProbeTest : public testing::FarmRunTest {
 public:
  ProbeTest() {
    options.scheduling.faults_before_back_off = 1;
    machines = {{"ssh://b1 x86_64-linux - 1",
                 [this] { return std::make_unique<Door>(b1.connector(), [this] { knock(); }); }}};
    b1.build = [this](auto& server, auto& session, const auto& request) {
      if (b1.builds.size() > 1)
        return testing::ScriptedServer::build_everything(server, session, request);
      return testing::die_building(server, session, request);
    };
    for (const auto& name : names)
      add({.name = name});
  }

  bool has_died() const { return !b1.builds.empty(); }

  /// After the loss of power so many sessions are refused.
  std::size_t refusals = 0;
  /// Attempts that had been started when a session was refused, each time.
  std::vector<std::size_t> started_at_refusal;
  bool is_mended = false;
  std::vector<std::string> names{"a", "b", "c"};

  std::vector<std::string> reasons() const {
    std::vector<std::string> found;
    for (const auto& out : events.of<MachineOut>())
      found.push_back(out.reason);
    return found;
  }

 private:
  void knock() {
    if (!has_died() || refusals == 0) return;
    --refusals;
    started_at_refusal.push_back(events.of<AttemptStarted>().size());
    throw Error(Kind::unavailable, "no route to b1");
  }
};

TEST_F(ProbeTest, NoStepGoesToAMachineThatDoesNotAnswer) {
  refusals = 2;
  EXPECT_EQ(build(names).succeeded, 3U);
  EXPECT_THAT(started_at_refusal, ElementsAre(1U, 1U)) << "the probes, and no step";
  EXPECT_THAT(failures(), SizeIs(1));
  EXPECT_THAT(events.of<MachineOut>(), SizeIs(3));
  EXPECT_EQ(reasons().back(), "no route to b1");
  const auto last = events.of<MachineOut>().back();
  const auto started = events.of<AttemptStarted>();
  EXPECT_THAT(started, SizeIs(4));
  EXPECT_GE(started.at(1).at, last.until.value());
}

TEST_F(ProbeTest, StepsThatWaitInVainAreGivenUp) {
  refusals = 1000;
  const auto counts = build(names);
  EXPECT_EQ(counts.aborted, 3U);
  EXPECT_EQ(counts.unfinished(), 0U);
  EXPECT_THAT(started_at_refusal, SizeIs(4)) << "two steps were never tried";
  EXPECT_EQ(events.of<StepsEnded>().back().reason, "no route to b1");
}

TEST_F(ProbeTest, AMachineThatLetsNobodyInAnyMoreIsGivenUp) {
  machines[0].connect = [this] {
    return std::make_unique<Door>(b1.connector(), [this] {
      if (has_died()) throw Error(Kind::permission, "the host key of b1 has changed");
    });
  };
  EXPECT_EQ(build(names).aborted, 3U);
  EXPECT_EQ(events.of<MachineOut>().back().until, std::nullopt);
  EXPECT_EQ(reasons().back(), "the host key of b1 has changed");
}

TEST_F(ProbeTest, AMachineThatTakesAQuestionAndNeverAnswersIsOutAgain) {
  step = 10s;
  b1.tamper = [this](wire::Command command, testing::ScriptedReply& reply) {
    if (command != wire::Command::query_valid_paths || !has_died() || is_mended) return;
    is_mended = true;
    reply = {.bytes = "", .then = testing::ScriptedReply::Then::hang};
  };
  EXPECT_EQ(build(names).succeeded, 3U);
  EXPECT_THAT(reasons().back(),
              HasSubstr("asking whether it is back (ssh://b1) stood still for 120 s"));
}

/// b1 hangs when it is probed, while b2 builds the last step.
class HungProbeTest : public ProbeTest {
 public:
  HungProbeTest() {
    machines.push_back({"ssh://b2 x86_64-linux - 1", [this] { return b2.connector(); }});
    b1.tamper = [this](wire::Command command, testing::ScriptedReply& reply) {
      if (command != wire::Command::query_valid_paths || !has_died()) return;
      reply = {.bytes = "", .then = testing::ScriptedReply::Then::hang};
    };
    b2.build = [this](auto& server, auto& session, const auto& request) {
      return build_slowly(server, session, request);
    };
  }

  std::function<void()> when_it_hangs = [] {};
  std::size_t alive_before = 0;
  std::size_t alive_after = 0;

 private:
  aio::Task<nix::BuildResult> build_slowly(testing::ScriptedServer& server,
                                           testing::ScriptedSession& session,
                                           const wire::BuildDerivation& request) {
    if (!std::exchange(has_built_, true)) {
      co_await aio::sleep_for(loop, 20s);
      alive_before = b1.alive;
      when_it_hangs();
      co_await aio::sleep_for(loop, 2s);
      alive_after = b1.alive;
    }
    co_return co_await testing::ScriptedServer::build_everything(server, session, request);
  }

  bool has_built_ = false;
};

TEST_F(HungProbeTest, EndsWhenTheMachineLeaves) {
  when_it_hangs = [this] {
    run->run().change_machines({testing::machine_of(machines[1].line)},
                               [](const nix::Machine& /*machine*/) { return ReachedMachine(); });
  };
  EXPECT_EQ(build(names).succeeded, 3U);
  EXPECT_EQ(alive_before, 1U);
  EXPECT_EQ(alive_after, 0U);
}

TEST_F(HungProbeTest, EndsWithTheRun) {
  when_it_hangs = [this] { run->run().interrupt(); };
  const TimePoint before = loop.timers().now();
  build(names);
  EXPECT_EQ(alive_before, 1U);
  EXPECT_LT(loop.timers().now() - before, 60s);
  EXPECT_THAT(events.of<MachineOut>(), SizeIs(1));
}

TEST_F(HungProbeTest, KeepsNobodyWaitingWhoNeedsItNot) {
  const TimePoint before = loop.timers().now();
  EXPECT_EQ(build(names).succeeded, 3U);
  EXPECT_LT(loop.timers().now() - before, 90s);
}

}  // namespace
}  // namespace firn::farm
