// SPDX-License-Identifier: Apache-2.0
// The steps that wait for a machine, one ordered queue for each class of steps. Steps that failed
// somewhere and are to go elsewhere have queues of their own, so that nobody stands in anybody's
// way.
#pragma once

#include "base/id.h"
#include "sched/catalog.h"
#include "sched/ids.h"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace firn::sched {

using QueueId = Id<struct QueueTag, std::uint32_t>;

/// Sorted, without repeats.
using MachineSet = std::vector<MachineId>;

/// A step's place in its queue: priority, then how many wait for it, then age.
struct ReadyKey {
  std::int32_t priority = 0;
  std::uint32_t dependents = 0;
  StepId step;

  /// Whether `a` goes before `b`.
  friend bool operator<(const ReadyKey& a, const ReadyKey& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    if (a.dependents != b.dependents) return a.dependents > b.dependents;
    return a.step < b.step;
  }
};

/// Steps of one class that may not go to the machines in `avoid`.
struct ReadyQueue {
  ClassId step_class;
  MachineSet avoid;
  std::set<ReadyKey> steps;
  /// Its place among the active ones.
  std::uint32_t active_at = 0;
};

/// All queues. A queue for an `avoid` set lives as long as a step is in it.
class ReadyQueues {
 public:
  QueueId push(ClassId step_class, const MachineSet& avoid, const ReadyKey& key);
  void erase(QueueId id, const ReadyKey& key);
  /// Takes the first step out of a queue that is not empty.
  StepId pop(QueueId id);
  void replace(QueueId id, const ReadyKey& old_key, const ReadyKey& new_key);

  const ReadyQueue& queue(QueueId id) const { return queues_[id.value()]; }

  /// The queues that are not empty, in no order.
  std::span<const QueueId> active() const { return active_; }

 private:
  QueueId open(ClassId step_class, const MachineSet& avoid);
  void close_if_empty(QueueId id);

  std::map<std::pair<ClassId, MachineSet>, QueueId> ids_;
  std::vector<ReadyQueue> queues_;
  std::vector<QueueId> unused_;
  std::vector<QueueId> active_;
};

}  // namespace firn::sched
