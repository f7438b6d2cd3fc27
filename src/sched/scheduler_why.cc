// SPDX-License-Identifier: Apache-2.0
// The third part of the scheduler: what it says about a step that is not running.
#include "sched/scheduler.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace firn::sched {

WhyNot Scheduler::why(StepId id) const {
  const Step& step = graph_.at(id);
  WhyNot why;
  why.tries = step.tries;
  why.last_failure = step.last_failure;
  if (is_final(step.state)) {
    add_end(why, id);
    return why;
  }
  if (step.state == StepState::running) {
    const Attempt& attempt = attempts_.at(step.attempt);
    why.reason = Reason::running;
    why.machine = fleet_.machine(attempt.machine).name;
    why.phase = attempt.phase;
    return why;
  }
  why.machines = tally(step.step_class, avoided_by(id));
  why.reason = waiting_reason(step.state, why.machines);
  add_facts(why, id);
  return why;
}

MachineTally Scheduler::tally(ClassId step_class, const MachineSet& avoided) const {
  MachineTally tally;
  for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
    const MachineId machine(i);
    if (!fleet_.catalog().fits(step_class, fleet_.machine(machine).profile)) continue;
    ++tally.able;
    const bool is_tried = std::binary_search(avoided.begin(), avoided.end(), machine);
    switch (fleet_.machine(machine).standing()) {
      case Standing::free:
        ++(is_tried ? tally.tried : tally.free);
        break;
      case Standing::full:
        ++tally.full;
        break;
      case Standing::on_trial:
        ++tally.on_trial;
        break;
      case Standing::needs_transfer:
        ++tally.need_transfer;
        break;
      case Standing::backing_off:
        ++tally.backing_off;
        break;
      case Standing::probed:
        ++tally.probed;
        break;
      case Standing::disabled:
        ++tally.disabled;
        break;
      case Standing::unusable:
        ++tally.unusable;
        break;
    }
  }
  return tally;
}

Reason Scheduler::waiting_reason(StepState state, const MachineTally& tally) const {
  if (tally.able == 0) return Reason::unsupported;
  if (tally.able == tally.unusable) return Reason::machines_unusable;
  if (state == StepState::waiting) return Reason::dependencies;
  if (is_stopped_) return Reason::stopped;
  if (!pauses_.empty()) return Reason::paused;
  if (state == StepState::delayed) return Reason::backing_off;
  if (tally.free > 0) return Reason::next;
  if (tally.full + tally.on_trial > 0) return Reason::machines_full;
  if (tally.need_transfer > 0) return Reason::machines_need_transfer;
  if (tally.backing_off + tally.probed > 0) return Reason::machines_backing_off;
  return tally.disabled > 0 ? Reason::machines_disabled : Reason::next;
}

void Scheduler::add_facts(WhyNot& why, StepId id) const {
  const Step& step = graph_.at(id);
  switch (why.reason) {
    case Reason::unsupported:
    case Reason::machines_unusable:
    case Reason::machines_backing_off:
      add_machine_facts(why, step);
      break;
    case Reason::dependencies:
      add_steps(why, graph_.dependencies(id));
      add_deepest(why, id);
      break;
    case Reason::paused:
      why.detail = pauses_.begin()->second;
      break;
    case Reason::backing_off:
      why.until = step.due;
      break;
    case Reason::machines_full:
      add_share(why, step);
      break;
    default:
      break;
  }
}

// Names the machine that stands nearest to taking the step.
void Scheduler::add_machine_facts(WhyNot& why, const Step& step) const {
  const Catalog& catalog = fleet_.catalog();
  why.needs = catalog.describe(step.step_class);
  std::pair<std::size_t, TimePoint> nearest{std::numeric_limits<std::size_t>::max(),
                                            TimePoint::max()};
  for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
    const Machine& machine = fleet_.machine(MachineId(i));
    const std::pair distance{catalog.gap(step.step_class, machine.profile).distance(),
                             machine.standing() == Standing::probed
                                 ? TimePoint::min()
                                 : machine.back_off_until.value_or(TimePoint::max())};
    if (distance < nearest) {
      nearest = distance;
      why.machine = machine.name;
      why.until = machine.back_off_until;
      why.detail = why.reason == Reason::unsupported
                       ? catalog.describe_gap(step.step_class, machine.profile)
                       : machine.unusable_reason;
    }
  }
}

void Scheduler::add_share(WhyNot& why, const Step& step) const {
  const ReadyPlace place = place_of(step, options_.order);
  const double used = place.groups == kNobody ? 0 : shares_.used(place.groups);
  const double least = least_used(step.step_class, place.priority);
  if (least >= used) return;
  why.reason = Reason::share_used;
  why.share_used = used;
  why.least_share_used = least;
}

// Dependencies are older than what needs them, so one pass from the oldest on finds the longest way
// down.
void Scheduler::add_deepest(WhyNot& why, StepId id) const {
  std::unordered_map<StepId, std::pair<std::size_t, StepId>> deepest{{id, {}}};
  std::vector<StepId> found{id};
  for (std::size_t i = 0; i < found.size(); ++i) {
    graph_.each_dependency(found[i], [&](StepId below) {
      if (deepest.try_emplace(below).second) found.push_back(below);
    });
  }
  std::sort(found.begin(), found.end(), [this](StepId a, StepId b) {
    return graph_.at(a).serial < graph_.at(b).serial;
  });
  for (const StepId step : found) {
    std::pair<std::size_t, StepId> best{0, step};
    graph_.each_dependency(step, [&](StepId below) {
      const auto& [depth, bottom] = deepest.at(below);
      if (depth + 1 > best.first || (depth + 1 == best.first && bottom < best.second))
        best = {depth + 1, bottom};
    });
    deepest[step] = best;
  }
  std::tie(why.depth, why.deepest.emplace()) = deepest.at(id);
  why.deepest_name = graph_.at(*why.deepest).name;
  why.all_dependencies = found.size() - 1;
}

void Scheduler::add_end(WhyNot& why, StepId id) const {
  const Step& step = graph_.at(id);
  switch (step.state) {
    case StepState::failed:
      why.reason = Reason::failed;
      break;
    case StepState::aborted:
      why.reason = Reason::aborted;
      if (const auto reason = abort_reasons_.find(id); reason != abort_reasons_.end()) {
        why.detail = reason->second;
      }
      break;
    case StepState::dependency_failed:
      why.reason = Reason::dependency_failed;
      if (const Step* const cause = graph_.find(step.cause)) why.detail = to_string(cause->state);
      break;
    case StepState::cancelled:
      why.reason = Reason::cancelled;
      break;
    default:
      why.reason = Reason::succeeded;
      break;
  }
  if (step.cause != kNoStep && graph_.find(step.cause) != nullptr) add_steps(why, {step.cause});
}

void Scheduler::add_steps(WhyNot& why, std::vector<StepId> steps) const {
  constexpr std::size_t kNamed = 3;
  why.steps = std::move(steps);
  for (std::size_t i = 0; i < std::min(kNamed, why.steps.size()); ++i) {
    why.step_names.push_back(graph_.at(why.steps[i]).name);
  }
}

}  // namespace firn::sched
