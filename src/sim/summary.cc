// SPDX-License-Identifier: Apache-2.0
#include "sim/summary.h"

#include <algorithm>
#include <chrono>

namespace firn::sim {

namespace {

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

ProjectSummary of_project(const Queue& queue,
                          const Fleet& fleet,
                          const Outcome& outcome,
                          std::uint32_t project) {
  ProjectSummary summary;
  summary.name = queue.projects[project].name;
  const std::vector<bool> needed = needed_by(queue, project);
  summary.alone = bounds(queue, fleet, needed).lower();
  Duration first = Duration::max();
  for (const Build& build : queue.builds) {
    if (build.project == project) first = std::min(first, build.arrives);
  }
  Duration waited{};
  Duration last{};
  for (StepIndex i = 0; i < queue.steps.size(); ++i) {
    if (!needed[i]) continue;
    const Execution& execution = outcome.steps[i];
    const Duration wait = execution.began - execution.ready;
    ++summary.steps;
    waited += wait;
    summary.worst_wait = std::max(summary.worst_wait, wait);
    last = std::max(last, execution.ended);
  }
  if (summary.steps == 0) return summary;
  summary.mean_wait = waited / summary.steps;
  summary.took = std::max(Duration::zero(), last - first);
  return summary;
}

double busy_seconds(const Fleet& fleet, const Queue& queue, const Outcome& outcome) {
  double busy = 0;
  for (StepIndex i = 0; i < queue.steps.size(); ++i) {
    const Execution& execution = outcome.steps[i];
    if (execution.was_run)
      busy += seconds(queue.steps[i].duration) / speed(fleet.machines[execution.machine]);
  }
  return busy;
}

}  // namespace

double ProjectSummary::slowdown() const {
  return alone > Duration::zero() ? seconds(took) / seconds(alone) : 1;
}

double Summary::fairness() const {
  double sum = 0;
  double squares = 0;
  for (const ProjectSummary& project : projects) {
    const double pace = 1 / project.slowdown();
    sum += pace;
    squares += pace * pace;
  }
  return squares > 0 ? sum * sum / (static_cast<double>(projects.size()) * squares) : 1;
}

double Summary::worst_slowdown() const {
  double worst = 1;
  for (const ProjectSummary& project : projects)
    worst = std::max(worst, project.slowdown());
  return worst;
}

double Summary::excess() const {
  return bounds.lower() > Duration::zero() ? seconds(makespan) / seconds(bounds.lower()) - 1 : 0;
}

Summary summarise(const Queue& queue, const Fleet& fleet, const Outcome& outcome) {
  Summary summary;
  summary.makespan = outcome.makespan;
  summary.sent = outcome.sent;
  summary.received = outcome.received;
  std::vector<bool> ran;
  ran.reserve(outcome.steps.size());
  for (const Execution& execution : outcome.steps)
    ran.push_back(execution.was_run);
  summary.bounds = bounds(queue, fleet, ran);
  double slots = 0;
  for (const sched::MachineSpec& machine : fleet.machines)
    slots += machine.max_jobs;
  if (slots > 0 && outcome.makespan > Duration::zero())
    summary.utilisation = busy_seconds(fleet, queue, outcome) / (slots * seconds(outcome.makespan));
  for (std::uint32_t i = 0; i < queue.projects.size(); ++i)
    summary.projects.push_back(of_project(queue, fleet, outcome, i));
  return summary;
}

}  // namespace firn::sim
