// SPDX-License-Identifier: Apache-2.0
// What a simulated run was worth, in figures.
#pragma once

#include "base/units.h"
#include "sim/bounds.h"
#include "sim/queue.h"
#include "sim/simulation.h"

#include <cstdint>
#include <string>
#include <vector>

namespace firn::sim {

struct ProjectSummary {
  std::string name;
  std::uint32_t steps = 0;
  /// From its first arrival to the end of its last step.
  Duration took{};
  /// What it could take at best, had it the farm for itself.
  Duration alone{};
  /// Of its steps: from ready to started.
  Duration mean_wait{};
  Duration worst_wait{};

  /// How many times longer than alone; 1 where it has nothing to do.
  double slowdown() const;
};

struct Summary {
  Duration makespan{};
  Bounds bounds;
  /// Share of all slots' time that was used, until the last step ended.
  double utilisation = 0;
  std::vector<ProjectSummary> projects;
  ByteCount sent;
  ByteCount received;

  /// Jain's index of the projects' speeds: 1 = all are slowed alike, 1/n = one has it all.
  double fairness() const;
  double worst_slowdown() const;
  /// How far above the lower bound: 0.05 = 5 %.
  double excess() const;
};

Summary summarise(const Queue& queue, const Fleet& fleet, const Outcome& outcome);

}  // namespace firn::sim
