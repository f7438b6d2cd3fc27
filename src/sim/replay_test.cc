// SPDX-License-Identifier: Apache-2.0
#include "sim/replay.h"

#include "base/error.h"
#include "sched/recorded_scheduler.h"

#include <vector>

#include <gmock/gmock.h>

namespace firn::sim {
namespace {

using sched::AttemptId;
using sched::FailureClass;
using sched::Phase;
using sched::StepId;
using std::chrono::seconds;
using testing::HasSubstr;

using Lines = std::vector<std::string>;

Replay replay_all(const Lines& lines) {
  std::size_t next = 0;
  return replay([&]() -> std::optional<std::string> {
    return next < lines.size() ? std::optional(lines[next++]) : std::nullopt;
  });
}

/// A run with every kind of call: steps, claims, failures, retries, machines that go.
Lines recording() {
  Lines lines;
  sched::Journal journal([&](std::string_view line) { lines.emplace_back(line); });
  sched::RecordedScheduler scheduler({.seed = 7, .max_transfers = 1}, &journal);
  const TimePoint start{std::chrono::hours(1000)};
  const auto b1 = scheduler.add_machine({.name = "b1", .systems = {"x86_64-linux"}, .max_jobs = 2});
  const auto b2 = scheduler.add_machine({.name = "b\"2\n",
                                         .systems = {"x86_64-linux"},
                                         .supported_features = {"kvm"},
                                         .speed_factor = 1.5});
  const auto group = scheduler.add_group(3);
  scheduler.charge(group, start, seconds(5), start + seconds(9));
  scheduler.set_weight(group, 4);
  const std::vector<std::string> kvm{"kvm"};
  const StepId below = scheduler.add_step({.name = "below", .system = "x86_64-linux"}, {});
  const std::vector<StepId> needs{below};
  const StepId above = scheduler.add_step(
      {.name = "above", .system = "x86_64-linux", .required_features = kvm}, needs);
  const StepId other = scheduler.add_step({.name = "other", .system = "x86_64-linux"}, {});
  const StepId left = scheduler.add_step({.name = "left", .system = "x86_64-linux"}, {});
  scheduler.set_claims(above, std::vector<sched::Claim>{{.priority = 2, .age = 1, .group = group}});
  scheduler.set_expected_duration(other, seconds(30));
  scheduler.cancel(left);
  scheduler.forget(left);
  scheduler.pause(sched::Pauser::owner, "begins\tsoon");
  scheduler.dispatch(start);
  scheduler.resume(sched::Pauser::owner);
  auto first = scheduler.dispatch(start + seconds(1));
  EXPECT_EQ(first.assignments.size(), 2U);
  for (const auto& assignment : first.assignments) {
    scheduler.enter_phase(assignment.attempt, Phase::building, start + seconds(2));
    scheduler.attempt_failed(assignment.attempt, FailureClass::machine_lost, start + seconds(3));
  }
  scheduler.report_machine_fault(b1, start + seconds(3));
  const auto second = scheduler.dispatch(start + seconds(4));
  for (const auto& assignment : second.assignments) {
    scheduler.enter_phase(assignment.attempt, Phase::waiting_for_transfer_slot, start + seconds(5));
  }
  for (const AttemptId attempt : scheduler.dispatch(start + seconds(6)).transfers)
    scheduler.attempt_succeeded(attempt, start + seconds(7));
  scheduler.dispatch(start + seconds(7));
  scheduler.set_machine_enabled(b1, false);
  scheduler.set_machine_unusable(b2, "burnt down");
  scheduler.dispatch(start + seconds(60));
  return lines;
}

TEST(Replay, DecidesWhatWasDecided) {
  const Lines lines = recording();
  const Replay result = replay_all(lines);
  ASSERT_FALSE(result.difference.has_value())
      << result.difference.value_or(Difference()).recorded << "\n"
      << result.difference.value_or(Difference()).today;
  EXPECT_EQ(result.calls, lines.size());
  EXPECT_EQ(result.steps, 4U);
  EXPECT_GE(result.started, 4U);
}

TEST(Replay, FindsTheFirstDecisionThatDiffers) {
  Lines lines = recording();
  for (std::string& line : lines) {
    const auto at = line.find("\"max_jobs\":2");
    if (at != std::string::npos) line.replace(at, 12, "\"max_jobs\":1");
  }
  const Replay result = replay_all(lines);
  ASSERT_TRUE(result.difference.has_value());
  EXPECT_THAT(result.difference.value_or(Difference()).recorded, HasSubstr("\"do\":\"dispatch\""));
  EXPECT_LT(result.calls, lines.size());
}

TEST(Replay, OfARunnerThatWasKilledEndsWithItsLastWholeLine) {
  Lines lines = recording();
  const std::size_t whole = lines.size() - 1;
  lines.back().resize(lines.back().size() / 2);
  EXPECT_EQ(replay_all(lines).calls, whole);
}

TEST(Replay, RefusesWhatIsNoRecording) {
  EXPECT_THROW(replay_all({"{\"do\":\"dispatch\",\"at\":1}"}), Error);
  EXPECT_THROW(replay_all({"[1]"}), Error);
  EXPECT_THROW(replay_all({"no json", "{}"}), Error);
  EXPECT_THROW(replay_all({"{}"}), Error);
  Lines lines = recording();
  lines.insert(lines.begin() + 1, "{\"do\":\"enter_phase\",\"attempt\":99,\"phase\":3,\"at\":0}");
  EXPECT_THROW(replay_all(lines), Error);
  lines[1] = "{\"do\":\"fly\"}";
  EXPECT_THROW(replay_all(lines), Error);
}

TEST(Replay, OfNothingIsNothing) {
  EXPECT_EQ(replay_all({}).calls, 0U);
}

}  // namespace
}  // namespace firn::sim
