// SPDX-License-Identifier: Apache-2.0
// What is simulated: steps with what they take, who wants them, and the machines. The simulator
// knows durations that the scheduler is not told.
#pragma once

#include "base/units.h"
#include "sched/spec.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace firn::sim {

/// A step's place in `Queue::steps`.
using StepIndex = std::uint32_t;

/// What steps ask of machines. Few for many steps.
struct StepKind {
  std::string system;
  std::vector<std::string> features;
};

struct SimStep {
  std::string name;
  /// A place in `Queue::kinds`.
  std::uint32_t kind = 0;
  /// Each before the step itself.
  std::vector<StepIndex> dependencies;
  /// On a machine of speed 1.
  Duration duration{};
  /// What the scheduler is told that it will take; nothing = it knows nothing of it.
  std::optional<Duration> expected = std::nullopt;
  /// Size of its outputs.
  ByteCount output{};
};

/// Who shares the farm's time.
struct Project {
  std::string name;
  std::uint32_t weight = 1;
};

/// Somebody wants a step.
struct Build {
  StepIndex step = 0;
  /// A place in `Queue::projects`.
  std::uint32_t project = 0;
  std::int64_t priority = 0;
  /// After the beginning of the simulation.
  Duration arrives{};
};

struct Queue {
  std::vector<StepKind> kinds;
  std::vector<SimStep> steps;
  std::vector<Project> projects;
  std::vector<Build> builds;
};

/// Throws Error{invalid} where a number points nowhere, a step depends on a later one or a time is
/// negative.
void check(const Queue& queue);

/// The same queue with every step behind what it depends on, for one whose steps come in any order.
/// Throws Error{invalid} naming a step that depends on itself through others.
Queue sorted(Queue queue);

struct Fleet {
  std::vector<sched::MachineSpec> machines;
  /// Of the link between us and each machine; every transfer has all of it. Infinite = moving
  /// takes no time.
  double bytes_per_second = std::numeric_limits<double>::infinity();
};

/// Machines m1, m2, … of one kind.
Fleet uniform_fleet(std::uint32_t machines, std::uint32_t slots, const StepKind& offer);

/// "{x86_64-linux, kvm}"
std::string describe(const StepKind& kind);

/// Whether Nix's rule lets the machine take such steps.
bool can_take(const sched::MachineSpec& machine, const StepKind& kind);

/// As the scheduler reads it: what is not above 0 counts as 1.
double speed(const sched::MachineSpec& machine);

/// Machine-seconds a second that it can do.
double capacity(const sched::MachineSpec& machine);

}  // namespace firn::sim
