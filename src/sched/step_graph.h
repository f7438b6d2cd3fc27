// SPDX-License-Identifier: Apache-2.0
// The steps and who waits for whom. Only edges between unfinished steps are kept: one goes when
// either end does, in constant time, and its place is used again.
#pragma once

#include "base/id.h"
#include "base/units.h"
#include "sched/catalog.h"
#include "sched/failure.h"
#include "sched/ids.h"
#include "sched/order.h"
#include "sched/rank.h"
#include "sched/ready_queues.h"
#include "sched/state.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace firn::sched {

/// The number of a step's record.
using StepSlot = Id<struct StepSlotTag, std::uint32_t>;

constexpr StepSlot slot_of(StepId id) {
  return StepSlot(static_cast<std::uint32_t>(id.value()));
}

using EdgeId = Id<struct EdgeTag, std::uint32_t>;

inline constexpr EdgeId kNoEdge{0xffffffffU};

/// All that is kept of a step. The scheduler changes it; id, serial and edges are the graph's.
struct Step {
  /// `kNoStep` = this record is free.
  StepId id = kNoStep;
  std::string name;
  AttemptId attempt;  ///< while running
  TimePoint due;      ///< while delayed
  /// Since when it waits, or waited last, for a machine: the first dispatch that saw it so.
  TimePoint ready_since;
  /// The step at the root of its fall, where it fell.
  StepId cause = kNoStep;
  /// How many steps were added before it.
  std::uint32_t serial = 0;
  ClassId step_class;
  QueueId queue;  ///< while ready
  /// Where nobody claims it.
  std::int32_t priority = 0;
  /// Of the claims on it and on all that depends on it.
  Rank rank;
  /// How long it is expected to take, and the longest chain of unfinished steps from it upwards,
  /// its own time included. In milliseconds; what is more than 49 days counts as that.
  std::uint32_t duration = 1;
  std::uint32_t chain = 1;
  /// How many steps were ever added that depend on it directly.
  std::uint32_t dependents = 0;
  /// Unfinished dependencies.
  std::uint32_t waiting_for = 0;
  EdgeId first_dependency = kNoEdge;
  EdgeId first_dependent = kNoEdge;
  StepState state = StepState::waiting;
  std::uint16_t tries = 0;
  /// Tries that ended because the machine cannot take it.
  std::uint16_t refusals = 0;
  /// Tries that ended with a class that may fail a build.
  std::uint8_t verdicts = 0;
  std::optional<FailureClass> last_failure = std::nullopt;
  bool is_fixed_output = false;
  bool is_cancelling = false;

  /// Tries that count.
  std::uint32_t counted_tries() const { return std::uint32_t{tries} - refusals; }
};

/// Its place among the ready ones.
ReadyPlace place_of(const Step& step, Order order);

/// The chain of a step that takes so long, below one of that length.
std::uint32_t chain_below(std::uint32_t duration, std::uint32_t above);

/// Owns steps and edges. References to steps last until the next `add`.
class StepGraph {
 public:
  /// Takes the record that was freed last, if any.
  StepId add(Step step);
  /// Frees the record of a step without edges.
  void forget(StepId id);
  void add_edge(StepId dependent, StepId dependency);

  /// Throws Bug for an id that `add` did not return, or that is forgotten.
  Step& at(StepId id);
  const Step& at(StepId id) const;
  /// Nothing where the step is forgotten. Throws Bug for an id that `add` did not return.
  const Step* find(StepId id) const;

  /// Records in use.
  std::uint32_t size() const { return static_cast<std::uint32_t>(steps_.size() - free_.size()); }

  /// Calls `f` with each step that is not forgotten, in the order of records.
  template <class F>
  void each(F f) const {
    for (const Step& step : steps_)
      if (step.id != kNoStep) f(step);
  }

  /// Cuts the edges to the step's dependents. Returns those that wait for nothing more.
  std::vector<StepId> release_dependents(StepId id);
  /// Cuts the edges to the step's dependents and returns them all, once each.
  std::vector<StepId> cut_dependents(StepId id);
  /// Cuts the edges to the step's dependencies.
  void cut_dependencies(StepId id);

  /// The unfinished ones, in order of age, once each.
  std::vector<StepId> dependencies(StepId id) const;

  /// Calls `f` with each unfinished step that waits for it; some more than once.
  template <class F>
  void each_dependent(StepId id, F f) const {
    for (EdgeId next = at(id).first_dependent; next != kNoEdge;
         next = edges_[next.value()].next_dependent)
      f(steps_[edges_[next.value()].dependent.value()].id);
  }

  /// The same with those that it waits for.
  template <class F>
  void each_dependency(StepId id, F f) const {
    for (EdgeId next = at(id).first_dependency; next != kNoEdge;
         next = edges_[next.value()].next_dependency)
      f(steps_[edges_[next.value()].dependency.value()].id);
  }

 private:
  /// In two lists at once: the dependent's dependencies and the dependency's dependents.
  struct Edge {
    StepSlot dependent;
    StepSlot dependency;
    EdgeId next_dependency = kNoEdge;
    EdgeId previous_dependency = kNoEdge;
    EdgeId next_dependent = kNoEdge;
    EdgeId previous_dependent = kNoEdge;
  };

  Edge& edge(EdgeId id) { return edges_[id.value()]; }

  EdgeId take_edge();
  void cut(EdgeId id);

  Step& record(StepSlot slot) { return steps_[slot.value()]; }

  std::vector<Step> steps_;
  /// How often each record was freed.
  std::vector<std::uint32_t> uses_;
  std::vector<StepSlot> free_;
  std::uint32_t added_ = 0;
  std::vector<Edge> edges_;
  // Cut edges, chained by next_dependency.
  EdgeId first_unused_ = kNoEdge;
};

}  // namespace firn::sched
