// SPDX-License-Identifier: Apache-2.0
#include "queue/observer.h"

#include <algorithm>
#include <variant>

namespace firn::queue {

namespace {

using sched::Phase;
using Outcome = sched::Verdict::Outcome;

const farm::PhaseCost& cost(const farm::AttemptEnded& event, Phase phase) {
  return event.costs.at(static_cast<std::size_t>(phase));
}

StepTimes times_of(const farm::AttemptEnded& event, TimePoint began) {
  return {.total = event.at - began,
          .sending = cost(event, Phase::sending_inputs).time,
          .building = cost(event, Phase::building).time,
          .receiving = cost(event, Phase::receiving_outputs).time};
}

void add(StepTimes& sum, const StepTimes& times) {
  sum.total += times.total;
  sum.sending += times.sending;
  sum.building += times.building;
  sum.receiving += times.receiving;
}

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void Observer::on(const farm::Event& event, WallTime now) {
  std::visit([&](const auto& e) { on(e, now); }, event);
}

void Observer::dispatched(Duration took) {
  auto& status = counts_.status;
  ++status.dispatcher_wakeups;
  status.dispatch_time += took;
  counts_.dispatcher_running += took;
  counts_.dispatches.observe(seconds(took));
}

void Observer::look_ended(Duration took) {
  ++counts_.queue_checks_finished;
  ++counts_.status.queue_wakeups;
  counts_.monitor_running += took;
}

void Observer::builds_read(std::size_t builds, Duration took) {
  counts_.status.builds.read += builds;
  counts_.status.builds.read_time += took;
}

void Observer::substituted(std::size_t derivations) {
  counts_.substitutes_started += derivations;
  counts_.substitutes_succeeded += derivations;
}

void Observer::build_ended(db::Status status) {
  auto& builds = counts_.status.builds;
  ++builds.done;
  ++(status == db::Status::success ? builds.succeeded : builds.failed);
}

void Observer::order_read(sched::StepId step, std::size_t inputs) {
  const auto [of_type, is_new] =
      counts_.input_drvs.try_emplace(machine_type(step), Histogram(kInputDrvs));
  of_type->second.observe(static_cast<double>(inputs));
}

void Observer::measured(const std::string& machine_type, ByteCount closure) {
  const auto [of_type, is_new] =
      counts_.closure_size.try_emplace(machine_type, Histogram(kClosureBytes));
  of_type->second.observe(static_cast<double>(closure.value()));
}

std::string Observer::machine_type(sched::StepId step) const {
  return scheduler_.machine_type(step);
}

Observer::MachineBooks& Observer::books(sched::MachineId machine) {
  while (machines_.size() <= machine.value())
    machines_.push_back({.idle_since = wall_start_});
  return machines_[machine.value()];
}

void Observer::on(const farm::AttemptStarted& event, WallTime) {
  attempts_.emplace(event.attempt,
                    Attempt{.step = event.step,
                            .machine = event.machine,
                            .began = event.at,
                            .sent = {},
                            .received = {}});
  ++books(event.machine).jobs;
  auto& steps = counts_.status.steps;
  ++steps.started;
  if (event.try_number > 1) {
    ++steps.retries;
    steps.max_retries = std::max<std::uint64_t>(steps.max_retries, event.try_number - 1);
  }
  const auto [of_type, is_new] =
      counts_.job_wait.try_emplace(machine_type(event.step), Histogram(kWaitSeconds));
  of_type->second.observe(seconds(event.at - scheduler_.ready_since(event.step)));
}

void Observer::on(const farm::PhaseEntered& event, WallTime) {
  const auto found = attempts_.find(event.attempt);
  if (found != attempts_.end()) found->second.phase = event.phase;
}

void Observer::on(const farm::BytesMoved& event, WallTime) {
  const auto found = attempts_.find(event.attempt);
  if (found != attempts_.end()) book_bytes(found->second, event.sent, event.received);
}

/// What has moved so far; never less than before.
void Observer::book_bytes(Attempt& attempt, ByteCount sent, ByteCount received) {
  const auto add_rest = [](ByteCount& total, ByteCount& known, ByteCount moved) {
    if (moved <= known) return;
    total += ByteCount(moved.value() - known.value());
    known = moved;
  };
  add_rest(counts_.status.bytes_sent, attempt.sent, sent);
  add_rest(counts_.status.bytes_received, attempt.received, received);
}

void Observer::on(const farm::AttemptEnded& event, WallTime now) {
  auto taken = attempts_.extract(event.attempt);
  if (taken.empty()) return;
  auto& attempt = taken.mapped();
  book_bytes(attempt,
             cost(event, Phase::sending_inputs).bytes,
             cost(event, Phase::receiving_outputs).bytes);
  const auto times = times_of(event, attempt.began);
  auto& steps = counts_.status.steps;
  ++steps.done;
  add(steps.times, times);
  for (std::size_t i = 0; i < event.costs.size(); ++i)
    if (event.costs.at(i).time > Duration())
      counts_.phases.at(i).observe(seconds(event.costs.at(i).time));
  auto& machine = books(attempt.machine);
  ++machine.done;
  add(machine.times, times);
  if (--machine.jobs == 0) machine.idle_since = now;
  const auto& verdict = event.verdict;
  if (verdict.failure && sched::policy_of(*verdict.failure).counts_against_machine) {
    machine.last_failure = now;
    machine.last_error = event.message;
  }
  if (verdict.outcome == Outcome::aborted) ++counts_.steps_aborted;
  if (verdict.outcome == Outcome::retry && verdict.failure)
    ++counts_.status.retries.at(static_cast<std::size_t>(*verdict.failure));
  last_active_[machine_type(attempt.step)] = now;
}

void Observer::on(const farm::MachineOut& event, WallTime now) {
  auto& machine = books(event.machine);
  machine.has_left = event.is_leaving;
  machine.last_error = event.reason;
  if (!event.is_leaving) machine.last_failure = now;
}

void Observer::on(const farm::StepsEnded& event, WallTime) {
  if (event.state == sched::StepState::aborted) counts_.steps_aborted += event.steps.size();
}

}  // namespace firn::queue
