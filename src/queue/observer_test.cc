// SPDX-License-Identifier: Apache-2.0
#include "queue/observer.h"

#include "support/sched_farm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using namespace std::chrono_literals;
using sched::Phase;

/// A farm whose events an observer sees, with a calendar that starts at 1,000 s.
class ObserverTest : public ::testing::Test {
 protected:
  sched::MachineId machine(const std::string& name, std::uint32_t max_jobs = 1) {
    specs_.push_back({.name = name, .systems = {"x86_64-linux"}, .max_jobs = max_jobs});
    return farm_.scheduler.add_machine(specs_.back());
  }

  WallTime wall() const {
    return WallTime(1000s + std::chrono::floor<std::chrono::seconds>(farm_.now - start_));
  }

  void tell(const farm::Event& event) { observer_.on(event, wall()); }

  sched::Assignment start() {
    const auto assignment = farm_.only();
    tell(farm::AttemptStarted{.attempt = assignment.attempt,
                              .step = assignment.step,
                              .machine = assignment.machine,
                              .try_number = assignment.try_number,
                              .at = farm_.now});
    return assignment;
  }

  void enter(const sched::Assignment& assignment, Phase phase) {
    farm_.enter(assignment, phase);
    tell(farm::PhaseEntered{.attempt = assignment.attempt, .phase = phase, .at = farm_.now});
  }

  void end(const sched::Assignment& assignment, const sched::Verdict& verdict) {
    farm::AttemptEnded ended{.attempt = assignment.attempt,
                             .verdict = verdict,
                             .message = "words",
                             .log_file = {},
                             .log_tail = {},
                             .at = farm_.now};
    ended.costs.at(static_cast<std::size_t>(Phase::sending_inputs)) = {.time = 1s, .bytes = 5_KiB};
    ended.costs.at(static_cast<std::size_t>(Phase::building)) = {.time = 2s, .bytes = {}};
    tell(ended);
  }

  Metrics metrics() const { return observer_.metrics(specs_, farm_.now, wall()); }

  sched::SchedFarm farm_;
  TimePoint start_ = farm_.now;
  std::vector<sched::MachineSpec> specs_;
  Observer observer_{farm_.scheduler, start_, WallTime(1000s)};
};

TEST_F(ObserverTest, CountsWhereStepsAreAndWhatTheyTook) {
  machine("ssh://b1");
  const auto first = farm_.step("first");
  farm_.step("second", {first});
  farm_.now += 10s;
  const auto running = start();
  farm_.now += 1s;
  enter(running, Phase::building);
  tell(farm::BytesMoved{
      .attempt = running.attempt, .sent = 4_KiB, .received = 1_KiB, .at = farm_.now});
  auto seen = metrics().status;
  EXPECT_EQ(seen.steps.building, 1);
  EXPECT_EQ(seen.steps.active, 1);
  EXPECT_EQ(seen.steps.unfinished, 2);
  EXPECT_EQ(seen.bytes_sent, 4_KiB);
  EXPECT_EQ(seen.reasons.at(static_cast<std::size_t>(sched::Reason::dependencies)), 1);
  ASSERT_EQ(seen.machines.size(), 1);
  EXPECT_EQ(seen.machines[0].current_jobs, 1);
  EXPECT_EQ(seen.machines[0].standing, "full");

  farm_.now += 2s;
  end(running, farm_.succeed(running));
  const auto after = metrics();
  seen = after.status;
  EXPECT_EQ(seen.steps.done, 1);
  EXPECT_EQ(seen.steps.times.total, 3s);
  EXPECT_EQ(seen.steps.times.building, 2s);
  EXPECT_EQ(seen.bytes_sent, 5_KiB);
  EXPECT_EQ(seen.bytes_received, 1_KiB);
  EXPECT_EQ(seen.machines[0].steps_done, 1);
  EXPECT_EQ(seen.machines[0].idle_since, wall());
  EXPECT_EQ(seen.uptime, 13s);
  ASSERT_EQ(seen.machine_types.size(), 1);
  EXPECT_EQ(seen.machine_types[0].last_active, wall());
  EXPECT_EQ(after.phases.at(static_cast<std::size_t>(Phase::building)).sum(), 2);
  EXPECT_EQ(after.job_wait.at("x86_64-linux").sum(), 0);
}

TEST_F(ObserverTest, CountsTriesByTheirFailures) {
  machine("ssh://b1");
  farm_.step("s");
  const auto running = start();
  end(running, farm_.fail(running, sched::FailureClass::machine_lost));
  const auto seen = metrics().status;
  EXPECT_EQ(seen.retries.at(static_cast<std::size_t>(sched::FailureClass::machine_lost)), 1);
  EXPECT_EQ(seen.machines[0].consecutive_failures, 1);
  EXPECT_EQ(seen.machines[0].last_failure, wall());
  EXPECT_EQ(seen.machines[0].last_error, "words");
  EXPECT_EQ(seen.steps.retries, 0);
  farm_.now += 1h;
  start();
  EXPECT_EQ(metrics().status.steps.retries, 1);
  EXPECT_EQ(metrics().status.steps.max_retries, 1);
}

// QR-038
TEST_F(ObserverTest, AMachineThatHasLeftIsShownWhileItRunsSomething) {
  const auto old = machine("ssh://b1");
  machine("ssh://b2");
  farm_.step("s");
  const auto running = start();
  ASSERT_EQ(running.machine, old);
  tell(farm::MachineOut{.machine = old,
                        .reason = "gone",
                        .until = std::nullopt,
                        .at = farm_.now,
                        .is_leaving = true});
  EXPECT_EQ(metrics().status.machines.size(), 2);
  // A changed line is another machine of that name.
  machine("ssh://b1", 7);
  EXPECT_EQ(metrics().status.machines.size(), 2);
  end(running, farm_.succeed(running));
  const auto seen = metrics().status.machines;
  ASSERT_EQ(seen.size(), 2);
  EXPECT_EQ(seen[0].name, "ssh://b2");
  EXPECT_EQ(seen[1].name, "ssh://b1");
  EXPECT_EQ(seen[1].steps_done, 0);
}

TEST_F(ObserverTest, KnowsTheOldestRunnableStepAndJobsets) {
  const auto group = farm_.scheduler.add_group(2);
  observer_.add_group({.project = "p", .jobset = "j", .group = group});
  farm_.scheduler.charge(group, farm_.now, 50s, farm_.now);
  machine("ssh://b1");
  farm_.step("first");
  farm_.step("second");
  start();
  farm_.now += 61s;
  const auto seen = metrics();
  EXPECT_EQ(seen.oldest_runnable, 61s);
  ASSERT_EQ(seen.status.jobsets.size(), 1);
  EXPECT_EQ(seen.status.jobsets[0].seconds, 50s);
  EXPECT_EQ(seen.status.jobsets[0].share_used, 25);
}

}  // namespace
}  // namespace firn::queue
