// SPDX-License-Identifier: Apache-2.0
#include "farm/graph_run.h"

#include <utility>

namespace firn::farm {

using namespace std::chrono_literals;

GraphRun::GraphRun(aio::Loop& loop,
                   store::Store& store,
                   std::vector<ReachedMachine> machines,
                   Graph graph,
                   const RunOptions& options)
    : loop_(loop),
      graph_(std::move(graph)),
      options_(options),
      run_(loop, store, *this, std::move(machines), options) {
  add_steps(run_.scheduler(), graph_);
}

/// Steps get the numbers of their nodes.
void GraphRun::add_steps(sched::RecordedScheduler& scheduler, const Graph& graph) {
  std::vector<sched::StepId> dependencies;
  for (const auto& node : graph.nodes) {
    dependencies.clear();
    for (const auto index : node.dependencies)
      dependencies.emplace_back(static_cast<std::uint32_t>(index));
    const auto features = nix::required_system_features(node.derivation);
    const std::vector<std::string> required(features.begin(), features.end());
    scheduler.add_step(
        {.name = node.drv.derivation_name(),
         .system = node.derivation.platform,
         .required_features = required,
         .placement = nix::prefers_local_build(node.derivation) ? sched::Placement::prefer_local
                                                                : sched::Placement::anywhere,
         .fixed_output = nix::is_fixed_output(node.derivation)},
        dependencies);
  }
}

aio::Task<Order> GraphRun::order(sched::StepId step) {
  const auto& node = graph_.nodes.at(step.value());
  co_return Order{.drv = node.drv,
                  .derivation = node.derivation,
                  .max_silent_time = options_.max_silent_time,
                  .timeout = options_.timeout};
}

std::vector<UnsupportedStep> GraphRun::unsupported() const {
  std::vector<UnsupportedStep> result;
  for (const auto step : run_.scheduler().unsupported_steps()) {
    result.push_back({.drv = graph_.nodes.at(step.value()).drv,
                      .reason = sched::explain(run_.scheduler().why(step), now())});
  }
  return result;
}

std::vector<PlannedStep> GraphRun::plan() const {
  sched::RecordedScheduler rehearsal(options_.scheduling);
  for (const auto& spec : run_.machines())
    rehearsal.add_machine(spec);
  add_steps(rehearsal, graph_);
  std::vector<PlannedStep> steps;
  for (TimePoint at = now(); !rehearsal.is_settled(); at += 1s) {
    const auto decisions = rehearsal.dispatch(at);
    if (decisions.assignments.empty()) break;
    for (const auto& assignment : decisions.assignments) {
      steps.push_back({.drv = graph_.nodes.at(assignment.step.value()).drv,
                       .machine = run_.machines().at(assignment.machine.value()).name});
      rehearsal.attempt_succeeded(assignment.attempt, at);
    }
  }
  return steps;
}

PlanMade GraphRun::description() const {
  PlanMade plan{.machines = {},
                .steps = {},
                .already_valid = graph_.already_valid,
                .substituted = graph_.substituted,
                .at = now()};
  const auto& machines = run_.machines();
  for (std::size_t i = 0; i < machines.size(); ++i) {
    plan.machines.push_back({.id = sched::MachineId(static_cast<std::uint32_t>(i)),
                             .name = machines[i].name,
                             .max_jobs = machines[i].max_jobs});
  }
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& node = graph_.nodes[i];
    plan.steps.push_back({.id = sched::StepId(static_cast<std::uint32_t>(i)),
                          .drv = node.drv,
                          .system = node.derivation.platform});
  }
  return plan;
}

aio::Task<sched::Counts> GraphRun::execute(EventSink& events) {
  events.on(description());
  auto& scheduler = run_.scheduler();
  for (const auto step : scheduler.unsupported_steps()) {
    const std::string reason = sched::explain(scheduler.why(step), now());
    tell_ended(events, scheduler.abort(step, reason), sched::StepState::aborted, reason, now());
  }
  co_await run_.execute(events, Until::settled);
  events.on(
      RunEnded{.counts = scheduler.counts(), .interrupted = run_.is_interrupted(), .at = now()});
  co_return scheduler.counts();
}

}  // namespace firn::farm
