// SPDX-License-Identifier: Apache-2.0
// A scheduler with a hand-turned clock, for tests that read as a story: machines, steps, events.
#pragma once

#include "sched/scheduler.h"

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sched {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr std::string_view kLinux = "x86_64-linux";

/// What a test says about a step beyond its name and dependencies.
struct StepWish {
  std::vector<std::string> features = std::vector<std::string>();
  Placement placement = Placement::anywhere;
  bool fixed_output = false;
  std::int32_t priority = 0;
  std::string_view system = kLinux;
};

class SchedFarm {
 public:
  explicit SchedFarm(Options options = {}) : scheduler(options) {}

  StepId step(std::string_view name,
              std::vector<StepId> dependencies = {},
              const StepWish& wish = {}) {
    return scheduler.add_step({.name = name,
                               .system = wish.system,
                               .required_features = wish.features,
                               .placement = wish.placement,
                               .fixed_output = wish.fixed_output,
                               .priority = wish.priority},
                              dependencies);
  }

  /// A machine for x86_64-linux.
  MachineId machine(std::string name,
                    std::uint32_t max_jobs = 1,
                    std::vector<std::string> features = {}) {
    return scheduler.add_machine({.name = std::move(name),
                                  .systems = {std::string(kLinux)},
                                  .supported_features = std::move(features),
                                  .max_jobs = max_jobs});
  }

  Decisions dispatch() { return scheduler.dispatch(now); }

  std::vector<Assignment> assignments() { return dispatch().assignments; }

  /// The one assignment of a dispatch; throws where there is none or more.
  Assignment only() {
    const auto all = assignments();
    if (all.size() != 1) throw std::runtime_error(std::to_string(all.size()) + " assignments");
    return all.front();
  }

  /// All machines that are probed now answer.
  void answer_probes() {
    for (const MachineId machine : dispatch().probes)
      scheduler.probe_succeeded(machine);
  }

  Verdict succeed(const Assignment& assignment) {
    return scheduler.attempt_succeeded(assignment.attempt, now);
  }

  Verdict fail(const Assignment& assignment, FailureClass failure) {
    return scheduler.attempt_failed(assignment.attempt, failure, now);
  }

  void enter(const Assignment& assignment, Phase phase) {
    scheduler.enter_phase(assignment.attempt, phase, now);
  }

  std::string why(StepId step) const { return explain(scheduler.why(step), now); }

  StepState state(StepId step) const { return scheduler.state(step); }

  Scheduler scheduler;
  TimePoint now{seconds(1000)};
};

/// The steps of assignments, in their order.
inline std::vector<StepId> steps_of(const std::vector<Assignment>& assignments) {
  std::vector<StepId> steps;
  for (const Assignment& assignment : assignments)
    steps.push_back(assignment.step);
  return steps;
}

/// The machines of assignments, in their order.
inline std::vector<MachineId> machines_of(const std::vector<Assignment>& assignments) {
  std::vector<MachineId> machines;
  for (const Assignment& assignment : assignments)
    machines.push_back(assignment.machine);
  return machines;
}

}  // namespace firn::sched
