// SPDX-License-Identifier: Apache-2.0
#include "sched/recorded_scheduler.h"

#include <utility>

namespace firn::sched {

RecordedScheduler::RecordedScheduler(const Options& options, Journal* journal)
    : Scheduler(options), journal_(journal) {
  if (journal_ != nullptr) journal_->begin(options);
}

GroupId RecordedScheduler::add_group(std::uint32_t weight) {
  const GroupId given = Scheduler::add_group(weight);
  if (journal_ != nullptr) journal_->add_group(weight, given);
  return given;
}

void RecordedScheduler::set_weight(GroupId group, std::uint32_t weight) {
  if (journal_ != nullptr) journal_->set_weight(group, weight);
  Scheduler::set_weight(group, weight);
}

void RecordedScheduler::charge(GroupId group, TimePoint began, Duration time, TimePoint now) {
  if (journal_ != nullptr) journal_->charge(group, began, time, now);
  Scheduler::charge(group, began, time, now);
}

StepId RecordedScheduler::add_step(const StepSpec& spec, std::span<const StepId> dependencies) {
  const StepId given = Scheduler::add_step(spec, dependencies);
  if (journal_ != nullptr) journal_->add_step(spec, dependencies, given);
  return given;
}

std::vector<StepId> RecordedScheduler::set_claims(StepId step, std::span<const Claim> claims) {
  if (journal_ != nullptr) journal_->set_claims(step, claims);
  return Scheduler::set_claims(step, claims);
}

void RecordedScheduler::set_expected_duration(StepId step, Duration expected) {
  if (journal_ != nullptr) journal_->set_expected_duration(step, expected);
  Scheduler::set_expected_duration(step, expected);
}

void RecordedScheduler::forget(StepId step) {
  if (journal_ != nullptr) journal_->on_step("forget", step);
  Scheduler::forget(step);
}

std::vector<StepId> RecordedScheduler::complete_without_build(StepId step) {
  if (journal_ != nullptr) journal_->on_step("complete_without_build", step);
  return Scheduler::complete_without_build(step);
}

Ended RecordedScheduler::cancel(StepId step) {
  if (journal_ != nullptr) journal_->on_step("cancel", step);
  return Scheduler::cancel(step);
}

Ended RecordedScheduler::abort(StepId step, std::string reason) {
  if (journal_ != nullptr) journal_->abort(step, reason);
  return Scheduler::abort(step, std::move(reason));
}

MachineId RecordedScheduler::add_machine(const MachineSpec& spec) {
  const MachineId given = Scheduler::add_machine(spec);
  if (journal_ != nullptr) journal_->add_machine(spec, given);
  return given;
}

void RecordedScheduler::set_machine_enabled(MachineId machine, bool enabled) {
  if (journal_ != nullptr) journal_->set_machine_enabled(machine, enabled);
  Scheduler::set_machine_enabled(machine, enabled);
}

Ended RecordedScheduler::set_machine_unusable(MachineId machine, std::string reason) {
  if (journal_ != nullptr) journal_->set_machine_unusable(machine, reason);
  return Scheduler::set_machine_unusable(machine, std::move(reason));
}

std::optional<TimePoint> RecordedScheduler::report_machine_fault(MachineId machine, TimePoint now) {
  if (journal_ != nullptr) journal_->report_machine_fault(machine, now);
  return Scheduler::report_machine_fault(machine, now);
}

void RecordedScheduler::probe_succeeded(MachineId machine) {
  if (journal_ != nullptr) journal_->probe_succeeded(machine);
  Scheduler::probe_succeeded(machine);
}

FailedProbe RecordedScheduler::probe_failed(MachineId machine,
                                            const std::string& reason,
                                            TimePoint now) {
  if (journal_ != nullptr) journal_->probe_failed(machine, reason, now);
  return Scheduler::probe_failed(machine, reason, now);
}

Decisions RecordedScheduler::dispatch(TimePoint now) {
  Decisions decisions = Scheduler::dispatch(now);
  if (journal_ != nullptr) journal_->dispatch(now, decisions);
  return decisions;
}

void RecordedScheduler::pause(Pauser who, std::string reason) {
  if (journal_ != nullptr) journal_->pause(static_cast<std::uint8_t>(who), reason);
  Scheduler::pause(who, std::move(reason));
}

void RecordedScheduler::resume(Pauser who) {
  if (journal_ != nullptr) journal_->resume(static_cast<std::uint8_t>(who));
  Scheduler::resume(who);
}

void RecordedScheduler::enter_phase(AttemptId id, Phase phase, TimePoint now) {
  if (journal_ != nullptr) journal_->enter_phase(id, phase, now);
  Scheduler::enter_phase(id, phase, now);
}

Verdict RecordedScheduler::attempt_succeeded(AttemptId id, TimePoint now) {
  if (journal_ != nullptr) journal_->attempt_succeeded(id, now);
  return Scheduler::attempt_succeeded(id, now);
}

Verdict RecordedScheduler::attempt_failed(AttemptId id, FailureClass failure, TimePoint now) {
  if (journal_ != nullptr) journal_->attempt_failed(id, failure, now);
  return Scheduler::attempt_failed(id, failure, now);
}

}  // namespace firn::sched
