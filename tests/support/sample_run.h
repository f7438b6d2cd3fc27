// SPDX-License-Identifier: Apache-2.0
// A made-up run for tests of views: events with short arguments, times in milliseconds from its
// beginning.
#pragma once

#include "farm/event.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::testing {

inline TimePoint run_time(std::int64_t ms) {
  return TimePoint(std::chrono::hours(1)) + std::chrono::milliseconds(ms);
}

inline nix::DrvPath sample_drv(std::string_view name) {
  const std::string base = "00000000000000000000000000000000-" + std::string(name) + ".drv";
  return nix::DrvPath(nix::StorePath::from_base_name(base));
}

/// At 0 ms. Steps and machines get the numbers of their places.
inline farm::PlanMade plan_made(const std::vector<std::string>& machines,
                                std::uint32_t max_jobs,
                                const std::vector<std::string>& steps) {
  farm::PlanMade plan{.machines = {}, .steps = {}, .at = run_time(0)};
  for (const auto& name : machines) {
    const sched::MachineId id(static_cast<std::uint32_t>(plan.machines.size()));
    plan.machines.push_back({.id = id, .name = name, .max_jobs = max_jobs});
  }
  for (const auto& name : steps) {
    const sched::StepId id(static_cast<std::uint32_t>(plan.steps.size()));
    plan.steps.push_back({.id = id, .drv = sample_drv(name), .system = "x86_64-linux"});
  }
  return plan;
}

/// The attempt has the number of its step, and ten more for each try after the first.
struct SampleAttempt {
  std::uint32_t step = 0;
  std::uint32_t machine = 0;
  std::uint32_t try_number = 1;

  sched::AttemptId id() const { return sched::AttemptId(step + 10ULL * (try_number - 1)); }
};

inline farm::AttemptStarted started(const SampleAttempt& attempt, std::int64_t ms) {
  return {.attempt = attempt.id(),
          .step = sched::StepId(attempt.step),
          .machine = sched::MachineId(attempt.machine),
          .try_number = attempt.try_number,
          .at = run_time(ms)};
}

inline farm::PhaseEntered entered(const SampleAttempt& attempt,
                                  sched::Phase phase,
                                  std::int64_t ms) {
  return {.attempt = attempt.id(), .phase = phase, .at = run_time(ms)};
}

inline farm::BytesMoved moved(const SampleAttempt& attempt,
                              std::uint64_t sent,
                              std::uint64_t received,
                              std::int64_t ms) {
  return {.attempt = attempt.id(),
          .sent = ByteCount(sent),
          .received = ByteCount(received),
          .at = run_time(ms)};
}

inline farm::PhaseCost& cost(farm::AttemptEnded& event, sched::Phase phase) {
  return event.costs.at(static_cast<std::size_t>(phase));
}

/// Ended well, after having sent and received these bytes and built for a second.
inline farm::AttemptEnded built(const SampleAttempt& attempt,
                                std::int64_t ms,
                                std::uint64_t sent = 0,
                                std::uint64_t received = 0) {
  farm::AttemptEnded event;
  event.attempt = attempt.id();
  event.verdict.step = sched::StepId(attempt.step);
  event.verdict.machine = sched::MachineId(attempt.machine);
  event.verdict.try_number = attempt.try_number;
  event.at = run_time(ms);
  cost(event, sched::Phase::sending_inputs).bytes = ByteCount(sent);
  cost(event, sched::Phase::building).time = std::chrono::seconds(1);
  cost(event, sched::Phase::receiving_outputs).bytes = ByteCount(received);
  return event;
}

inline farm::AttemptEnded not_built(const SampleAttempt& attempt,
                                    sched::Verdict::Outcome outcome,
                                    sched::FailureClass failure,
                                    std::string message,
                                    std::int64_t ms) {
  farm::AttemptEnded event = built(attempt, ms);
  event.verdict.outcome = outcome;
  event.verdict.failure = failure;
  event.message = std::move(message);
  return event;
}

inline std::vector<sched::StepId> step_ids(const std::vector<std::uint32_t>& numbers) {
  std::vector<sched::StepId> ids;
  for (const auto number : numbers)
    ids.emplace_back(number);
  return ids;
}

inline farm::StepsEnded steps_ended(const std::vector<std::uint32_t>& steps,
                                    sched::StepState state,
                                    std::string reason,
                                    std::int64_t ms) {
  return {
      .steps = step_ids(steps), .state = state, .reason = std::move(reason), .at = run_time(ms)};
}

inline farm::RunEnded run_ended(std::int64_t ms, bool interrupted = false) {
  return {.counts = {}, .interrupted = interrupted, .at = run_time(ms)};
}

}  // namespace firn::testing
