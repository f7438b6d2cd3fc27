// SPDX-License-Identifier: Apache-2.0
// The second half of the scheduler: what happens to an attempt, and what follows from its end.
#include "base/error.h"
#include "sched/scheduler.h"

#include <algorithm>
#include <utility>

namespace firn::sched {

namespace {

Verdict verdict_on(const Attempt& attempt) {
  Verdict verdict;
  verdict.step = attempt.step;
  verdict.machine = attempt.machine;
  verdict.try_number = attempt.try_number;
  return verdict;
}

void insert_into(MachineSet& machines, MachineId machine) {
  const auto place = std::lower_bound(machines.begin(), machines.end(), machine);
  if (place == machines.end() || *place != machine) machines.insert(place, machine);
}

}  // namespace

void Scheduler::enter_phase(AttemptId id, Phase phase, TimePoint now) {
  Attempt& attempt = attempts_.at(id);
  FIRN_CHECK(phase > attempt.phase && phase != Phase::done);
  // Only a decision lets an attempt out of the line for a transfer slot.
  FIRN_CHECK(phase != Phase::receiving_outputs && attempt.holding != Holding::place_in_line);
  const Holding before = std::exchange(attempt.holding, holding_in(phase, attempt.holding));
  attempt.phase = phase;
  attempt.phase_began = now;
  fleet_.move(attempt.machine, before, attempt.holding);
  if (attempt.holding == Holding::place_in_line) transfers_.wait(attempt.machine, id);
  if (phase >= Phase::building) fleet_.answered(attempt.machine, attempt.began);
}

Attempt Scheduler::close(AttemptId id, TimePoint now) {
  const Attempt attempt = attempts_.close(id);
  FIRN_CHECK(now >= attempt.phase_began);
  fleet_.let_go(attempt.machine, attempt.holding);
  if (attempt.holding == Holding::place_in_line) transfers_.leave(attempt.machine, id);
  if (attempt.holding == Holding::transfer_slot) transfers_.release(attempt.machine);
  if (const Rank& rank = graph_.at(attempt.step).rank; rank.is_claimed())
    shares_.charge_all(rank.groups, attempt.began, now);
  return attempt;
}

Verdict Scheduler::attempt_succeeded(AttemptId id, TimePoint now) {
  const Attempt attempt = close(id, now);
  Verdict verdict = verdict_on(attempt);
  fleet_.delivered(attempt.machine);
  quarantine(verdict, now);
  end_step(attempt.step, StepState::succeeded);
  release_dependents(attempt.step);
  return verdict;
}

void Scheduler::quarantine(Verdict& verdict, TimePoint now) {
  const auto tried = tried_.find(verdict.step);
  if (tried == tried_.end()) return;
  for (const MachineId machine : tried->second) {
    if (machine == verdict.machine) continue;
    if (const auto until = fleet_.contradict(machine, now))
      verdict.quarantined.emplace_back(machine, *until);
  }
}

Verdict Scheduler::attempt_failed(AttemptId id, FailureClass failure, TimePoint now) {
  const Attempt attempt = close(id, now);
  Step& step = graph_.at(attempt.step);
  if (failure == FailureClass::transient && step.is_fixed_output)
    failure = FailureClass::fetch_failed;
  const FailurePolicy& policy = policy_of(failure);
  Verdict verdict = verdict_on(attempt);
  verdict.failure = failure;
  step.last_failure = failure;
  if (policy.may_fail_build) ++step.verdicts;
  if (policy.retry == Retry::elsewhere_only) {
    ++step.refusals;
    insert_into(refused_[attempt.step], attempt.machine);
  }
  blame(verdict, policy, attempt.began, now);
  verdict.outcome = judge(attempt.step, policy);
  switch (verdict.outcome) {
    case Verdict::Outcome::retry:
      try_again(verdict, policy, now);
      return verdict;
    case Verdict::Outcome::failed:
      verdict.may_be_remembered = policy.may_be_remembered && !step.is_fixed_output;
      is_stopped_ = is_stopped_ || !options_.keep_going;
      end_step(attempt.step, StepState::failed);
      break;
    case Verdict::Outcome::cancelled:
      end_step(attempt.step, StepState::cancelled);
      break;
    default:
      end_step(attempt.step, StepState::aborted);
  }
  fell_dependents(attempt.step, verdict.fallen);
  verdict.unclaimed = settle();
  return verdict;
}

void Scheduler::blame(Verdict& verdict,
                      const FailurePolicy& policy,
                      TimePoint began,
                      TimePoint now) {
  if (policy.counts_against_machine) {
    verdict.machine_out_until = fleet_.fault(verdict.machine, began, now, random_);
    return;
  }
  // A machine that came to a verdict of its own works.
  if (policy.may_fail_build && policy.retry == Retry::never) fleet_.delivered(verdict.machine);
}

Verdict::Outcome Scheduler::judge(StepId id, const FailurePolicy& policy) const {
  const Step& step = graph_.at(id);
  if (step.is_cancelling || policy.failure == FailureClass::cancelled) {
    return Verdict::Outcome::cancelled;
  }
  const auto tries = options_.tries.at(static_cast<std::size_t>(policy.failure));
  if (policy.may_fail_build && step.verdicts >= tries) return Verdict::Outcome::failed;
  if (!policy.may_fail_build && step.counted_tries() >= tries) return Verdict::Outcome::aborted;
  if (!has_taker(id)) return Verdict::Outcome::aborted;
  return Verdict::Outcome::retry;
}

void Scheduler::try_again(Verdict& verdict, const FailurePolicy& policy, TimePoint now) {
  const StepId id = verdict.step;
  const Step& step = graph_.at(id);
  if (policy.retry != Retry::anywhere_later) {
    if (policy.retry != Retry::elsewhere_only) insert_into(tried_[id], verdict.machine);
    verdict.goes_elsewhere = fleet_.has_available(step.step_class, avoided_by(id));
  }
  if (policy.retry != Retry::elsewhere_later && verdict.goes_elsewhere) {
    verdict.retry_at = now;
    make_ready(id);
    return;
  }
  const std::uint32_t failures = std::max(step.counted_tries(), 1U);
  verdict.retry_at = now + options_.step_back_off.delay(failures - 1U, random_);
  delay(id, *verdict.retry_at);
}

}  // namespace firn::sched
