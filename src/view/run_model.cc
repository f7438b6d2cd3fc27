// SPDX-License-Identifier: Apache-2.0
#include "view/run_model.h"

#include <algorithm>

#include <fmt/format.h>

namespace firn::view {

namespace {

using sched::StepState;

/// "ssh://root@b1:2222?ssh-key=…" → "b1:2222".
std::string host_of(std::string_view name) {
  if (const auto scheme = name.find("://"); scheme != std::string_view::npos)
    name.remove_prefix(scheme + 3);
  name = name.substr(0, name.find_first_of("/?"));
  if (const auto user = name.find('@'); user != std::string_view::npos)
    name.remove_prefix(user + 1);
  return std::string(name);
}

/// Where in the tally steps of a state are counted; those that only wait are what remains.
std::size_t* place_of(StepTally& tally, StepState state) {
  switch (state) {
    case StepState::waiting:
    case StepState::ready:
    case StepState::delayed:
      return nullptr;
    case StepState::running:
      return &tally.running;
    case StepState::succeeded:
      return &tally.built;
    case StepState::failed:
    case StepState::aborted:
      return &tally.failed;
    case StepState::dependency_failed:
      return &tally.fallen;
    case StepState::cancelled:
      return &tally.cancelled;
  }
  return nullptr;
}

StepState state_after(sched::Verdict::Outcome outcome) {
  switch (outcome) {
    case sched::Verdict::Outcome::succeeded:
      return StepState::succeeded;
    case sched::Verdict::Outcome::retry:
      return StepState::delayed;
    case sched::Verdict::Outcome::failed:
      return StepState::failed;
    case sched::Verdict::Outcome::aborted:
      return StepState::aborted;
    case sched::Verdict::Outcome::cancelled:
      return StepState::cancelled;
  }
  return StepState::aborted;
}

const farm::PhaseCost& cost(const farm::AttemptEnded& event, sched::Phase phase) {
  return event.costs.at(static_cast<std::size_t>(phase));
}

void take_slot(MachineRecord& machine, sched::AttemptId attempt) {
  const auto free =
      std::ranges::find_if(machine.slots, [](const Slot& slot) { return !slot.attempt; });
  Slot& slot = free == machine.slots.end() ? machine.slots.emplace_back() : *free;
  slot.attempt = attempt;
  ++machine.running;
}

void leave_slot(MachineRecord& machine, sched::AttemptId attempt, TimePoint at) {
  const auto slot = std::ranges::find(machine.slots, attempt, &Slot::attempt);
  if (slot == machine.slots.end()) return;
  *slot = {.attempt = std::nullopt, .free_since = at};
  --machine.running;
}

void add_sample(std::vector<sched::StepId>& sample, std::span<const sched::StepId> steps) {
  const std::size_t room = kSampleSize - std::min(kSampleSize, sample.size());
  const auto taken = steps.first(std::min(room, steps.size()));
  sample.insert(sample.end(), taken.begin(), taken.end());
}

}  // namespace

void RunModel::on(const farm::Event& event) {
  std::visit([this](const auto& e) { apply(e); }, event);
}

const RunModel::StepRecord* RunModel::find_step(sched::StepId id) const {
  return id.value() < steps_.size() ? &steps_[id.value()] : nullptr;
}

MachineRecord* RunModel::find_machine(sched::MachineId id) {
  const auto found = machine_index_.find(id);
  return found == machine_index_.end() ? nullptr : &machines_[found->second];
}

const MachineRecord& RunModel::machine(sched::MachineId id) const {
  const auto found = machine_index_.find(id);
  return found == machine_index_.end() ? unknown_machine_ : machines_[found->second];
}

std::string_view RunModel::step_name(sched::StepId id) const {
  const StepRecord* step = find_step(id);
  return step != nullptr && step->drv ? step->drv->derivation_name() : "unknown step";
}

std::string RunModel::drv_path(sched::StepId id) const {
  const StepRecord* step = find_step(id);
  return step != nullptr && step->drv ? step->drv->str() : "";
}

const RunningStep* RunModel::find_running(sched::AttemptId id) const {
  const auto found = running_.find(id);
  return found == running_.end() ? nullptr : &found->second;
}

Duration RunModel::elapsed(TimePoint now) const {
  return is_planned_ ? ended_.value_or(now) - began_ : Duration();
}

void RunModel::apply(const farm::PlanMade& event) {
  is_planned_ = true;
  began_ = event.at;
  already_valid_ = event.already_valid;
  substituted_ = event.substituted;
  tally_.total = event.steps.size();
  steps_.reserve(event.steps.size());
  for (const auto& step : event.steps) {
    const std::size_t index = step.id.value();
    if (index >= steps_.size()) steps_.resize(index + 1);
    steps_[index].drv = step.drv;
  }
  add_machines(event.machines);
}

void RunModel::add_machines(const std::vector<farm::MachineDescription>& machines) {
  std::unordered_map<std::string, std::size_t> namesakes;
  for (const auto& machine : machines)
    ++namesakes[host_of(machine.name)];
  // One that is there already under the very same name has been replaced.
  for (const auto& known : machines_) {
    if (std::ranges::find(machines, known.name, &farm::MachineDescription::name) == machines.end())
      ++namesakes[host_of(known.name)];
  }
  for (const auto& machine : machines) {
    const std::string host = host_of(machine.name);
    const bool is_telling = !host.empty() && namesakes[host] == 1;
    machine_index_[machine.id] = machines_.size();
    machines_.push_back({.name = machine.name,
                         .short_name = is_telling ? host : machine.name,
                         .max_jobs = machine.max_jobs});
  }
}

void RunModel::apply(const farm::AttemptStarted& event) {
  running_[event.attempt] = {.attempt = event.attempt,
                             .step = event.step,
                             .machine = event.machine,
                             .try_number = event.try_number,
                             .began = event.at};
  set_state(event.step, StepState::running);
  if (MachineRecord* machine = find_machine(event.machine)) {
    take_slot(*machine, event.attempt);
    machine->out_reason.clear();
  }
}

void RunModel::apply(const farm::PhaseEntered& event) {
  if (const auto found = running_.find(event.attempt); found != running_.end())
    found->second.phase = event.phase;
}

void RunModel::apply(const farm::BytesMoved& event) {
  if (const auto found = running_.find(event.attempt); found != running_.end()) {
    add_traffic(found->second, {.sent = event.sent, .received = event.received}, event.at);
  }
}

/// `traffic` is what the attempt has moved in all; it never becomes less.
void RunModel::add_traffic(RunningStep& step, const Traffic& traffic, TimePoint at) {
  const Traffic grown{.sent = std::max(step.traffic.sent, traffic.sent),
                      .received = std::max(step.traffic.received, traffic.received)};
  const Traffic moved{
      .sent = ByteCount(grown.sent.value() - step.traffic.sent.value()),
      .received = ByteCount(grown.received.value() - step.traffic.received.value())};
  step.traffic = grown;
  step.meter.add(moved, at);
  traffic_ += moved;
  meter_.add(moved, at);
  if (MachineRecord* machine = find_machine(step.machine)) machine->traffic += moved;
}

void RunModel::apply(const farm::AttemptEnded& event) {
  using Outcome = sched::Verdict::Outcome;
  const Outcome outcome = event.verdict.outcome;
  last_ended_ = end(event);
  set_state(last_ended_.step, state_after(outcome));
  set_states(event.verdict.fallen,
             outcome == Outcome::cancelled ? StepState::cancelled : StepState::dependency_failed);
  if (MachineRecord* machine = find_machine(last_ended_.machine)) {
    if (outcome == Outcome::succeeded) {
      ++machine->built;
    } else if (outcome != Outcome::cancelled) {
      ++machine->failed;
    }
  }
  if (outcome == Outcome::succeeded) {
    rank({.step = last_ended_.step, .machine = last_ended_.machine, .time = last_ended_.time});
  } else if (outcome == Outcome::failed || outcome == Outcome::aborted) {
    keep_failure(event);
  }
}

EndedAttempt RunModel::end(const farm::AttemptEnded& event) {
  const auto found = running_.find(event.attempt);
  if (found == running_.end())
    return {.step = event.verdict.step, .machine = event.verdict.machine};
  RunningStep& step = found->second;
  // Short attempts end before their bytes are told.
  add_traffic(step,
              {.sent = cost(event, sched::Phase::sending_inputs).bytes,
               .received = cost(event, sched::Phase::receiving_outputs).bytes},
              event.at);
  const EndedAttempt ended{.step = step.step,
                           .machine = step.machine,
                           .time = event.at - step.began,
                           .traffic = step.traffic};
  if (MachineRecord* machine = find_machine(step.machine))
    leave_slot(*machine, event.attempt, event.at);
  running_.erase(found);
  return ended;
}

void RunModel::rank(const SlowStep& step) {
  const auto place =
      std::ranges::upper_bound(slowest_, step.time, std::ranges::greater(), &SlowStep::time);
  slowest_.insert(place, step);
  if (slowest_.size() > kSlowSteps) slowest_.pop_back();
}

void RunModel::keep_failure(const farm::AttemptEnded& event) {
  if (failures_.size() >= kKeptFailures) return;
  const sched::Verdict& verdict = event.verdict;
  FailedStep& failure = failures_.emplace_back(
      FailedStep{.step = last_ended_.step,
                 .machine = last_ended_.machine,
                 .try_number = verdict.try_number,
                 .is_build_failure = verdict.outcome == sched::Verdict::Outcome::failed,
                 .failure = verdict.failure,
                 .message = event.message,
                 .has_built = cost(event, sched::Phase::building).time > Duration(),
                 .log_file = event.log_file,
                 .fallen = verdict.fallen.size()});
  if (failures_.size() <= kKeptLogTails) failure.log_tail = event.log_tail;
  add_sample(failure.fallen_sample, verdict.fallen);
}

void RunModel::apply(const farm::MachineOut& event) {
  if (MachineRecord* machine = find_machine(event.machine)) {
    machine->out_reason = event.reason.empty() ? "takes no work" : event.reason;
    machine->out_until = event.until;
  }
}

void RunModel::apply(const farm::MachineAdded& event) {
  add_machines({event.machine});
}

void RunModel::apply(const farm::StepsEnded& event) {
  set_states(event.steps, event.state);
  give_up(event);
}

void RunModel::give_up(const farm::StepsEnded& event) {
  const auto known = given_up_index_.find(event.reason);
  if (event.state == StepState::dependency_failed) {
    if (known != given_up_index_.end()) given_up_[known->second].fallen += event.steps.size();
    return;
  }
  if (event.state != StepState::aborted) return;
  if (known == given_up_index_.end()) {
    if (given_up_.size() >= kKeptFailures) return;
    given_up_index_[event.reason] = given_up_.size();
    given_up_.push_back({.reason = event.reason});
  }
  GivenUpSteps& group = given_up_[given_up_index_[event.reason]];
  group.count += event.steps.size();
  add_sample(group.sample, event.steps);
}

void RunModel::apply(const farm::RunEnded& event) {
  ended_ = event.at;
  was_interrupted_ = event.interrupted;
}

void RunModel::set_state(sched::StepId id, StepState state) {
  if (id.value() >= steps_.size() || !steps_[id.value()].drv) return;
  StepState& current = steps_[id.value()].state;
  if (sched::is_final(current)) return;
  if (std::size_t* place = place_of(tally_, current)) --*place;
  if (std::size_t* place = place_of(tally_, state)) ++*place;
  current = state;
}

void RunModel::set_states(std::span<const sched::StepId> ids, StepState state) {
  for (const auto id : ids)
    set_state(id, state);
}

}  // namespace firn::view
