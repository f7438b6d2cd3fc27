// SPDX-License-Identifier: Apache-2.0
// The steps that wait for a machine, one ordered queue for each class of steps. Steps that failed
// somewhere and are to go elsewhere have queues of their own, so that nobody stands in anybody's
// way. Within a queue, steps of one priority that the same groups pay for are a lane: when a
// group's use of the farm changes, its lanes move, not its steps.
#pragma once

#include "base/id.h"
#include "sched/catalog.h"
#include "sched/ids.h"
#include "sched/rank.h"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace firn::sched {

using QueueId = Id<struct QueueTag, std::uint32_t>;

/// Sorted, without repeats.
using MachineSet = std::vector<MachineId>;

/// A step's place in its lane: two numbers by the order in force, higher first, then age.
struct ReadyKey {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::uint32_t age = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t serial = 0;
  StepId step;

  /// Whether `a` goes before `b`.
  friend bool operator<(const ReadyKey& a, const ReadyKey& b) {
    return std::tie(b.first, b.second, a.age, a.serial, a.step) <
           std::tie(a.first, a.second, b.age, b.serial, b.step);
  }

  friend bool operator==(const ReadyKey&, const ReadyKey&) = default;
};

/// Where a step stands in its queue.
struct ReadyPlace {
  std::int64_t priority = 0;
  GroupSetId groups = kNobody;
  ReadyKey key;

  friend bool operator==(const ReadyPlace&, const ReadyPlace&) = default;
};

/// A lane's place in its queue: priority, then the least use of the farm.
struct Turn {
  std::int64_t priority = 0;
  double used = 0;
  GroupSetId groups = kNobody;

  friend bool operator<(const Turn& a, const Turn& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    return std::tie(a.used, a.groups) < std::tie(b.used, b.groups);
  }
};

/// Steps of one class that may not go to the machines in `avoid`.
class ReadyQueue {
 public:
  ClassId step_class;
  MachineSet avoid;

  bool empty() const { return turns_.empty(); }

  /// The lane whose turn it is, and its first step. Of a queue that is not empty.
  const Turn& turn() const { return *turns_.begin(); }

  const ReadyKey& first() const;

  /// Calls `f` with each lane's turn and how many steps it has.
  template <class F>
  void each_lane(F f) const {
    for (const auto& [id, lane] : lanes_)
      f(Turn{.priority = id.first, .used = lane.used, .groups = id.second}, lane.steps.size());
  }

  /// All steps, lane by lane.
  std::vector<StepId> steps() const;

 private:
  friend class ReadyQueues;

  struct Lane {
    double used = 0;
    std::set<ReadyKey> steps;
  };

  using LaneId = std::pair<std::int64_t, GroupSetId>;

  std::map<LaneId, Lane> lanes_;
  std::set<Turn> turns_;
  /// Its place among the active ones.
  std::uint32_t active_at_ = 0;
};

/// All queues. A queue for an `avoid` set lives as long as a step is in it.
class ReadyQueues {
 public:
  QueueId push(ClassId step_class, const MachineSet& avoid, const ReadyPlace& place);
  void erase(QueueId id, const ReadyPlace& place);
  /// Takes the first step out of a queue that is not empty.
  StepId pop(QueueId id);
  void replace(QueueId id, const ReadyPlace& old_place, const ReadyPlace& new_place);

  /// Lanes of these groups stand by this use of the farm from now on.
  void set_used(GroupSetId groups, double used);

  const ReadyQueue& queue(QueueId id) const { return queues_[id.value()]; }

  /// The queues that are not empty, in no order.
  std::span<const QueueId> active() const { return active_; }

 private:
  using Lane = ReadyQueue::Lane;
  using LaneId = ReadyQueue::LaneId;

  QueueId open(ClassId step_class, const MachineSet& avoid);
  void insert(QueueId id, const ReadyPlace& place);
  void remove(QueueId id, const ReadyPlace& place);
  void close_lane(QueueId id, LaneId lane_id);
  void close_if_empty(QueueId id);
  double used(GroupSetId groups) const;

  std::map<std::pair<ClassId, MachineSet>, QueueId> ids_;
  std::vector<ReadyQueue> queues_;
  std::vector<QueueId> unused_;
  std::vector<QueueId> active_;
  /// By group set.
  std::vector<double> used_;
  std::map<GroupSetId, std::set<std::pair<QueueId, std::int64_t>>> lanes_of_;
};

}  // namespace firn::sched
