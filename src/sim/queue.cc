// SPDX-License-Identifier: Apache-2.0
#include "sim/queue.h"

#include "base/error.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::sim {

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_step(const Queue& queue, StepIndex index) {
  const SimStep& step = queue.steps[index];
  if (step.kind >= queue.kinds.size())
    throw Error(Kind::invalid, fmt::format("step {} is of no kind", step.name));
  if (step.duration < Duration::zero() || step.expected.value_or(Duration::zero()).count() < 0)
    throw Error(Kind::invalid, fmt::format("step {} takes less than no time", step.name));
  for (const StepIndex dependency : step.dependencies) {
    if (dependency >= index)
      throw Error(Kind::invalid, fmt::format("step {} depends on a later one", step.name));
  }
}

/// Steps in an order in which each stands behind what it depends on.
class Sorting {
 public:
  explicit Sorting(const Queue& queue) : queue_(queue), marks_(queue.steps.size()) {
    for (StepIndex i = 0; i < queue.steps.size(); ++i)
      visit(i);
  }

  const std::vector<StepIndex>& steps() const { return steps_; }

 private:
  enum class Mark : std::uint8_t { unseen, open, done };

  /// A step on the way down, and how many of its dependencies have been seen.
  struct Frame {
    StepIndex step = 0;
    std::size_t next = 0;
  };

  void open(StepIndex step) {
    marks_[step] = Mark::open;
    frames_.push_back({.step = step});
  }

  void visit(StepIndex root) {
    if (marks_[root] == Mark::unseen) open(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const SimStep& step = queue_.steps[frame.step];
      if (frame.next == step.dependencies.size()) {
        marks_[frame.step] = Mark::done;
        steps_.push_back(frame.step);
        frames_.pop_back();
        continue;
      }
      const StepIndex below = step.dependencies[frame.next++];
      if (marks_.at(below) == Mark::open)
        throw Error(Kind::invalid, fmt::format("step {} depends on itself", step.name));
      if (marks_[below] == Mark::unseen) open(below);
    }
  }

  const Queue& queue_;
  std::vector<Mark> marks_;
  std::vector<Frame> frames_;
  std::vector<StepIndex> steps_;
};

}  // namespace

Queue sorted(Queue queue) {
  const auto order = Sorting(queue).steps();
  std::vector<StepIndex> places(order.size());
  std::vector<SimStep> steps;
  steps.reserve(order.size());
  for (const StepIndex old : order) {
    places[old] = static_cast<StepIndex>(steps.size());
    steps.push_back(std::move(queue.steps[old]));
  }
  for (SimStep& step : steps) {
    for (StepIndex& dependency : step.dependencies)
      dependency = places[dependency];
  }
  for (Build& build : queue.builds)
    build.step = places.at(build.step);
  queue.steps = std::move(steps);
  return queue;
}

void check(const Queue& queue) {
  for (StepIndex i = 0; i < queue.steps.size(); ++i)
    check_step(queue, i);
  for (const Build& build : queue.builds) {
    if (build.step >= queue.steps.size() || build.project >= queue.projects.size())
      throw Error(Kind::invalid, "a build names no step or no project");
    if (build.arrives < Duration::zero())
      throw Error(Kind::invalid, "a build arrives before the beginning");
  }
}

Fleet uniform_fleet(std::uint32_t machines, std::uint32_t slots, const StepKind& offer) {
  Fleet fleet;
  for (std::uint32_t i = 1; i <= machines; ++i) {
    fleet.machines.push_back({.name = fmt::format("m{}", i),
                              .systems = {offer.system},
                              .supported_features = offer.features,
                              .max_jobs = slots,
                              .max_transfers = slots});
  }
  return fleet;
}

std::string describe(const StepKind& kind) {
  return kind.features.empty()
             ? fmt::format("{{{}}}", kind.system)
             : fmt::format("{{{}, {}}}", kind.system, fmt::join(kind.features, ", "));
}

bool can_take(const sched::MachineSpec& machine, const StepKind& kind) {
  if (kind.system != "builtin" && !has(machine.systems, kind.system)) return false;
  const auto& insisted = machine.mandatory_features;
  const bool offers =
      std::all_of(kind.features.begin(), kind.features.end(), [&](const std::string& feature) {
        return has(machine.supported_features, feature) || has(insisted, feature);
      });
  return offers && std::all_of(insisted.begin(), insisted.end(), [&](const std::string& feature) {
           return has(kind.features, feature);
         });
}

double speed(const sched::MachineSpec& machine) {
  return machine.speed_factor > 0 ? machine.speed_factor : 1.0;
}

double capacity(const sched::MachineSpec& machine) {
  return machine.max_jobs * speed(machine);
}

}  // namespace firn::sim
