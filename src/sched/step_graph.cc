// SPDX-License-Identifier: Apache-2.0
#include "sched/step_graph.h"

#include "base/error.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace firn::sched {

ReadyPlace place_of(const Step& step, Order order) {
  constexpr std::uint32_t kSign = 1U << 31U;
  const Rank& rank = step.rank;
  const std::uint32_t local = static_cast<std::uint32_t>(rank.local_priority) ^ kSign;
  const std::uint32_t weight = order == Order::critical_path ? step.chain : step.dependents;
  const bool is_local_first = order != Order::rdeps;
  return {.priority = rank.is_claimed() ? rank.priority : step.priority,
          .groups = rank.groups,
          .key = {.first = is_local_first ? local : weight,
                  .second = is_local_first ? weight : local,
                  .age = rank.age,
                  .serial = step.serial,
                  .step = step.id}};
}

std::uint32_t chain_below(std::uint32_t duration, std::uint32_t above) {
  return above + std::min(duration, std::numeric_limits<std::uint32_t>::max() - above);
}

StepId StepGraph::add(Step step) {
  constexpr std::uint32_t kMost = 0xffffffffU;
  if (free_.empty()) {
    FIRN_CHECK(steps_.size() < kMost);
    free_.emplace_back(static_cast<std::uint32_t>(steps_.size()));
    steps_.emplace_back();
    uses_.push_back(0);
  }
  FIRN_CHECK(added_ < kMost);
  const StepSlot slot = free_.back();
  free_.pop_back();
  step.id = StepId(std::uint64_t{uses_[slot.value()]} << 32U | slot.value());
  step.serial = added_++;
  record(slot) = std::move(step);
  return record(slot).id;
}

void StepGraph::forget(StepId id) {
  Step& step = at(id);
  FIRN_CHECK(step.first_dependency == kNoEdge && step.first_dependent == kNoEdge);
  step = Step();
  ++uses_[slot_of(id).value()];
  free_.push_back(slot_of(id));
}

const Step* StepGraph::find(StepId id) const {
  const std::uint32_t slot = slot_of(id).value();
  const std::uint64_t uses = id.value() >> 32U;
  if (slot >= steps_.size() || uses > uses_[slot])
    throw Bug(fmt::format("there is no step {:#x}", id.value()));
  return steps_[slot].id == id ? &steps_[slot] : nullptr;
}

const Step& StepGraph::at(StepId id) const {
  const Step* const step = find(id);
  if (step == nullptr) throw Bug(fmt::format("step {:#x} is forgotten", id.value()));
  return *step;
}

Step& StepGraph::at(StepId id) {
  return const_cast<Step&>(std::as_const(*this).at(id));
}

EdgeId StepGraph::take_edge() {
  if (first_unused_ != kNoEdge) {
    const EdgeId id = first_unused_;
    first_unused_ = edge(id).next_dependency;
    return id;
  }
  FIRN_CHECK(edges_.size() < kNoEdge.value());
  edges_.emplace_back();
  return EdgeId(static_cast<std::uint32_t>(edges_.size() - 1));
}

void StepGraph::add_edge(StepId dependent, StepId dependency) {
  Step& above = at(dependent);
  Step& below = at(dependency);
  const EdgeId id = take_edge();
  edge(id) = Edge{
      .dependent = slot_of(dependent),
      .dependency = slot_of(dependency),
      .next_dependency = above.first_dependency,
      .next_dependent = below.first_dependent,
  };
  if (above.first_dependency != kNoEdge) edge(above.first_dependency).previous_dependency = id;
  if (below.first_dependent != kNoEdge) edge(below.first_dependent).previous_dependent = id;
  above.first_dependency = id;
  below.first_dependent = id;
  ++above.waiting_for;
  ++below.dependents;
}

void StepGraph::cut(EdgeId id) {
  Edge& gone = edge(id);
  Step& above = record(gone.dependent);
  Step& below = record(gone.dependency);
  (gone.previous_dependency == kNoEdge ? above.first_dependency
                                       : edge(gone.previous_dependency).next_dependency) =
      gone.next_dependency;
  if (gone.next_dependency != kNoEdge) {
    edge(gone.next_dependency).previous_dependency = gone.previous_dependency;
  }
  (gone.previous_dependent == kNoEdge ? below.first_dependent
                                      : edge(gone.previous_dependent).next_dependent) =
      gone.next_dependent;
  if (gone.next_dependent != kNoEdge) {
    edge(gone.next_dependent).previous_dependent = gone.previous_dependent;
  }
  --above.waiting_for;
  gone = Edge();
  gone.next_dependency = first_unused_;
  first_unused_ = id;
}

std::vector<StepId> StepGraph::release_dependents(StepId id) {
  std::vector<StepId> released;
  while (at(id).first_dependent != kNoEdge) {
    const EdgeId first = at(id).first_dependent;
    const Step& dependent = record(edge(first).dependent);
    cut(first);
    if (dependent.waiting_for == 0) released.push_back(dependent.id);
  }
  return released;
}

std::vector<StepId> StepGraph::cut_dependents(StepId id) {
  std::vector<StepId> dependents;
  while (at(id).first_dependent != kNoEdge) {
    const EdgeId first = at(id).first_dependent;
    dependents.push_back(record(edge(first).dependent).id);
    cut(first);
  }
  std::sort(dependents.begin(), dependents.end());
  dependents.erase(std::unique(dependents.begin(), dependents.end()), dependents.end());
  return dependents;
}

void StepGraph::cut_dependencies(StepId id) {
  while (at(id).first_dependency != kNoEdge)
    cut(at(id).first_dependency);
}

std::vector<StepId> StepGraph::dependencies(StepId id) const {
  std::vector<StepId> found;
  each_dependency(id, [&](StepId dependency) { found.push_back(dependency); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace firn::sched
