// SPDX-License-Identifier: Apache-2.0
// The part of the scheduler that counts: by queues and classes of steps, of which there are few.
#include "sched/scheduler.h"

#include <cstddef>
#include <limits>

namespace firn::sched {

Census Scheduler::census(TimePoint now) const {
  Census census;
  const auto count = [&](Reason reason, std::uint64_t steps) {
    census.reasons.at(static_cast<std::size_t>(reason)) += steps;
  };
  const auto classes = static_cast<std::uint32_t>(books_.classes());
  census.classes.reserve(classes);
  for (std::uint32_t i = 0; i < classes; ++i) {
    const ClassId id(i);
    const Counts& counts = books_.of(id);
    const MachineTally machines = tally(id, {});
    count(Reason::running, counts.running);
    count(waiting_reason(StepState::waiting, machines), counts.waiting);
    count(waiting_reason(StepState::delayed, machines), counts.delayed);
    census.classes.push_back({.name = fleet_.catalog().hydra_name(id),
                              .ready = counts.runnable,
                              .delayed = counts.delayed,
                              .running = counts.running,
                              .waited = books_.waited(id, now)});
  }
  for (const QueueId id : ready_.active()) {
    const ReadyQueue& queue = ready_.queue(id);
    const Reason reason = waiting_reason(StepState::ready, tally(queue.step_class, queue.avoid));
    queue.each_lane([&](const Turn& turn, std::size_t steps) {
      const bool is_behind = reason == Reason::machines_full &&
                             least_used(queue.step_class, turn.priority) < turn.used;
      count(is_behind ? Reason::share_used : reason, steps);
      if (reason == Reason::machines_disabled)
        census.classes[queue.step_class.value()].disabled += steps;
    });
  }
  census.longest_wait = books_.longest_wait();
  return census;
}

std::optional<Match> Scheduler::startable() const {
  if (is_stopped_ || !pauses_.empty() || !fleet_.has_free()) return std::nullopt;
  for (const QueueId id : ready_.active()) {
    const ReadyQueue& queue = ready_.queue(id);
    if (const auto machine = fleet_.choose(queue.step_class, queue.avoid))
      return Match{.step = queue.first().step, .machine = *machine};
  }
  return std::nullopt;
}

// The least use of the farm among those who wait, with this priority, for machines that the class
// could have.
double Scheduler::least_used(ClassId step_class, std::int64_t priority) const {
  double least = std::numeric_limits<double>::infinity();
  for (const QueueId id : ready_.active()) {
    const ReadyQueue& queue = ready_.queue(id);
    const Turn& turn = queue.turn();
    if (turn.priority != priority || turn.used >= least) continue;
    if (fleet_.catalog().shares_machines(step_class, queue.step_class)) least = turn.used;
  }
  return least;
}

}  // namespace firn::sched
