// SPDX-License-Identifier: Apache-2.0
#include "sched/step_graph.h"

#include "base/error.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace firn::sched {

ReadyPlace place_of(StepId id, const Step& step, Order order) {
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
                  .step = id}};
}

std::uint32_t chain_below(std::uint32_t duration, std::uint32_t above) {
  return above + std::min(duration, std::numeric_limits<std::uint32_t>::max() - above);
}

StepId StepGraph::add(Step step) {
  FIRN_CHECK(steps_.size() < kNoStep.value());
  steps_.push_back(std::move(step));
  return StepId(size() - 1);
}

const Step& StepGraph::at(StepId id) const {
  if (id.value() >= steps_.size()) throw Bug(fmt::format("there is no step number {}", id.value()));
  return steps_[id.value()];
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
      .dependent = dependent,
      .dependency = dependency,
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
  Step& above = at(gone.dependent);
  Step& below = at(gone.dependency);
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
    const StepId dependent = edge(first).dependent;
    cut(first);
    if (at(dependent).waiting_for == 0) released.push_back(dependent);
  }
  return released;
}

std::vector<StepId> StepGraph::cut_dependents(StepId id) {
  std::vector<StepId> dependents;
  while (at(id).first_dependent != kNoEdge) {
    const EdgeId first = at(id).first_dependent;
    dependents.push_back(edge(first).dependent);
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
