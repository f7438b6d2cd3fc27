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

}  // namespace

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
