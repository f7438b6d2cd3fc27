// SPDX-License-Identifier: Apache-2.0
// What follows from a probe: a machine that gets work again, or steps that have waited in vain.
#include "sched/scheduler.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::sched {

void Scheduler::probe_succeeded(MachineId machine) {
  fleet_.probe_succeeded(machine);
}

FailedProbe Scheduler::probe_failed(MachineId machine, const std::string& reason, TimePoint now) {
  const TimePoint until = fleet_.probe_failed(machine, now, random_);
  const std::string words = fmt::format("{}: {}", fleet_.machine(machine).name, reason);
  return {.out_until = until, .ended = abort_all(steps_in_vain(machine), words)};
}

std::vector<StepId> Scheduler::steps_in_vain(MachineId machine) const {
  if (options_.waits_for_machines) return {};
  const std::uint32_t most =
      options_.tries.at(static_cast<std::size_t>(FailureClass::machine_lost));
  const ProfileId profile = fleet_.machine(machine).profile;
  std::vector<StepId> steps;
  // Of each class; most steps have been refused by no machine.
  std::unordered_map<ClassId, std::uint32_t> failed;
  graph_.each([&](const Step& step) {
    if (step.state != StepState::ready && step.state != StepState::delayed) return;
    if (!fleet_.catalog().fits(step.step_class, profile)) return;
    const auto refused = refused_.find(step.id);
    std::uint32_t probes = 0;
    if (refused != refused_.end()) {
      probes = fleet_.failed_probes(step.step_class, refused->second);
    } else {
      const auto [known, is_new] = failed.try_emplace(step.step_class, 0);
      if (is_new) known->second = fleet_.failed_probes(step.step_class, {});
      probes = known->second;
    }
    if (probes > 0 && step.counted_tries() + probes >= most) steps.push_back(step.id);
  });
  return steps;
}

}  // namespace firn::sched
