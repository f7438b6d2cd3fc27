// SPDX-License-Identifier: Apache-2.0
// The fourth part of the scheduler: claims, and what a step has from those that depend on it: its
// rank, and the longest chain of steps above it. A step's dependencies are older than it, so one
// pass from the youngest to the oldest sets all right.
#include "sched/scheduler.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace firn::sched {

Rank Scheduler::join(const Rank& a, const Rank& b) {
  if (!a.is_claimed()) return b;
  if (!b.is_claimed()) return a;
  return {.priority = std::max(a.priority, b.priority),
          .local_priority = std::max(a.local_priority, b.local_priority),
          .age = std::min(a.age, b.age),
          .groups = shares_.join(a.groups, b.groups)};
}

Scheduler::FromAbove Scheduler::join(const FromAbove& a, const FromAbove& b) {
  return {.rank = join(a.rank, b.rank), .chain = std::max(a.chain, b.chain)};
}

// From the claims on the step itself and from its dependents.
Scheduler::FromAbove Scheduler::look_above(StepId id) {
  const std::uint32_t duration = graph_.at(id).duration;
  const auto own = claimed_.find(id);
  FromAbove found{.rank = own == claimed_.end() ? Rank() : own->second, .chain = duration};
  graph_.each_dependent(id, [&](StepId above) {
    const Step& step = graph_.at(above);
    found = join(found, {.rank = step.rank, .chain = chain_below(duration, step.chain)});
  });
  return found;
}

void Scheduler::set_from_above(StepId id, const FromAbove& found) {
  Step& step = graph_.at(id);
  const ReadyPlace before = place_of(step, options_.order);
  step.rank = found.rank;
  step.chain = found.chain;
  if (step.state != StepState::ready) return;
  const ReadyPlace place = place_of(step, options_.order);
  if (place != before) ready_.replace(step.queue, before, place);
}

std::vector<StepId> Scheduler::set_claims(StepId step, std::span<const Claim> claims) {
  if (has_ended(step)) return {};
  Rank own;
  for (const Claim& claim : claims) {
    own = join(own,
               {.priority = claim.priority,
                .local_priority = claim.local_priority,
                .age = claim.age,
                .groups = shares_.set_of(claim.group)});
  }
  if (own.is_claimed()) {
    claimed_[step] = own;
  } else {
    claimed_.erase(step);
  }
  unsettled_.push_back(unsettled(step, true));
  return settle();
}

// What has only become better is passed on by itself; what may be worse has those
// below look at all their dependents.
void Scheduler::pass_on(StepId id, bool is_worse, Work& work) {
  const FromAbove found = from_above(graph_.at(id));
  graph_.each_dependency(id, [&](StepId below) {
    if (is_worse) {
      work.push(unsettled(below, true));
      return;
    }
    const Step& step = graph_.at(below);
    const FromAbove known = from_above(step);
    const FromAbove better =
        join(known, {.rank = found.rank, .chain = chain_below(step.duration, found.chain)});
    if (better == known) return;
    set_from_above(below, better);
    work.push(unsettled(below, false));
  });
}

std::vector<StepId> Scheduler::settle() {
  std::vector<StepId> unclaimed;
  Work work(std::less<Unsettled>(), std::move(unsettled_));
  unsettled_.clear();
  while (!work.empty()) {
    // Of several entries for a step, the one that has it look comes first.
    const auto [serial, must_look, id] = work.top();
    bool has_changed = false;
    for (; !work.empty() && work.top().step == id; work.pop())
      has_changed = has_changed || !work.top().must_look;
    if (has_ended(id)) continue;
    const Step& step = graph_.at(id);
    bool is_worse = false;
    if (must_look) {
      const FromAbove before = from_above(step);
      const FromAbove found = look_above(id);
      if (found == before && !has_changed) continue;
      is_worse = join(before, found) != found;
      if (before.rank.is_claimed() && !found.rank.is_claimed()) unclaimed.push_back(id);
      if (found != before) set_from_above(id, found);
    }
    pass_on(id, is_worse, work);
  }
  return unclaimed;
}

}  // namespace firn::sched
