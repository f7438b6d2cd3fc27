// SPDX-License-Identifier: Apache-2.0
// The fourth part of the scheduler: claims, and the ranks that follow from them. A step's
// dependencies are older than it, so one pass from the youngest to the oldest sets all ranks right.
#include "sched/scheduler.h"

#include <algorithm>

namespace firn::sched {

Rank Scheduler::join(const Rank& a, const Rank& b) {
  if (!a.is_claimed()) return b;
  if (!b.is_claimed()) return a;
  return {.priority = std::max(a.priority, b.priority),
          .local_priority = std::max(a.local_priority, b.local_priority),
          .age = std::min(a.age, b.age),
          .groups = shares_.join(a.groups, b.groups)};
}

// From the claims on the step itself and the ranks of its dependents.
Rank Scheduler::rank_above(StepId id) {
  const auto own = claimed_.find(id);
  Rank rank = own == claimed_.end() ? Rank() : own->second;
  graph_.each_dependent(id, [&](StepId above) { rank = join(rank, graph_.at(above).rank); });
  return rank;
}

void Scheduler::set_rank(StepId id, const Rank& rank) {
  Step& step = graph_.at(id);
  const ReadyPlace before = place_of(id, step);
  step.rank = rank;
  if (step.state == StepState::ready) ready_.replace(step.queue, before, place_of(id, step));
}

std::vector<StepId> Scheduler::set_claims(StepId step, std::span<const Claim> claims) {
  if (is_final(state(step))) return {};
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
  unsettled_.push_back(step);
  return settle_ranks();
}

// A rank that has only become better is passed on by itself; one that may be worse has those below
// look at all their dependents.
void Scheduler::pass_on(StepId id, bool is_worse, RankWork& work) {
  const Rank rank = graph_.at(id).rank;
  graph_.each_dependency(id, [&](StepId below) {
    if (is_worse) {
      work.emplace(below, true);
      return;
    }
    const Rank& known = graph_.at(below).rank;
    const Rank better = join(known, rank);
    if (better == known) return;
    set_rank(below, better);
    work.emplace(below, false);
  });
}

std::vector<StepId> Scheduler::settle_ranks() {
  std::vector<StepId> unclaimed;
  RankWork work;
  for (const StepId id : unsettled_)
    work.emplace(id, true);
  unsettled_.clear();
  while (!work.empty()) {
    // Of several entries for a step, the one that has it look comes first.
    const auto [id, must_look] = work.top();
    bool has_changed = false;
    for (; !work.empty() && work.top().first == id; work.pop())
      has_changed = has_changed || !work.top().second;
    const Step& step = graph_.at(id);
    if (is_final(step.state)) continue;
    bool is_worse = false;
    if (must_look) {
      const Rank before = step.rank;
      const Rank rank = rank_above(id);
      if (rank == before && !has_changed) continue;
      is_worse = join(before, rank) != rank;
      if (before.is_claimed() && !rank.is_claimed()) unclaimed.push_back(id);
      if (rank != before) set_rank(id, rank);
    }
    pass_on(id, is_worse, work);
  }
  return unclaimed;
}

}  // namespace firn::sched
