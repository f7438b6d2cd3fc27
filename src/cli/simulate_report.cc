// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_report.h"

#include "sim/time_axis.h"
#include "view/words.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kProjectsShown = 20;

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string head(const SimulationReport& report) {
  const sim::Summary& first = report.runs.front().summary;
  std::string text = fmt::format("{} of {} on {} with {}\n",
                                 view::counted(report.steps, "step"),
                                 view::counted(first.projects.size(), "project"),
                                 view::counted(report.machines, "machine"),
                                 view::counted(report.slots, "slot"));
  text += fmt::format("not before {}: work over capacity {}, longest chain {} ({})\n",
                      sim::in_words(first.bounds.lower()),
                      sim::in_words(first.bounds.work),
                      sim::in_words(first.bounds.chain),
                      view::counted(report.chain_steps, "step"));
  if (report.guessed > 0) {
    text += fmt::format("how long they take is a guess for {} of them; --durations FILE says it\n",
                        report.guessed);
  }
  return text;
}

Duration mean_wait(const sim::Summary& summary) {
  Duration sum{};
  std::uint64_t steps = 0;
  for (const auto& project : summary.projects) {
    sum += project.mean_wait * project.steps;
    steps += project.steps;
  }
  return steps == 0 ? sum : sum / static_cast<Duration::rep>(steps);
}

std::string table_of_orders(const SimulationReport& report) {
  std::string text = fmt::format("\n{:<15}{:>12}{:>12}{:>7}{:>14}{:>10}{:>10}{:>10}\n",
                                 "order",
                                 "done after",
                                 "over bound",
                                 "used",
                                 "step waits",
                                 "fairness",
                                 "sent",
                                 "received");
  for (const SimulatedRun& run : report.runs) {
    const sim::Summary& summary = run.summary;
    text += fmt::format("{:<15}{:>12}{:>10.1f} %{:>5.0f} %{:>14}{:>10.2f}{:>10}{:>10}\n",
                        run.order,
                        sim::in_words(summary.makespan),
                        100 * summary.excess(),
                        100 * summary.utilisation,
                        sim::in_words(mean_wait(summary)),
                        summary.fairness(),
                        view::in_words(summary.sent),
                        view::in_words(summary.received));
  }
  return text;
}

// Each project's end in each order, and how many times longer that is than alone.
std::string table_of_projects(const SimulationReport& report) {
  const auto& projects = report.runs.front().summary.projects;
  std::string text = fmt::format("\n{:<20}{:>8}{:>12}", "project", "steps", "alone");
  for (const SimulatedRun& run : report.runs)
    text += fmt::format("{:>23}", run.order);
  text += '\n';
  for (std::size_t i = 0; i < std::min(projects.size(), kProjectsShown); ++i) {
    text += fmt::format(
        "{:<20}{:>8}{:>12}", projects[i].name, projects[i].steps, sim::in_words(projects[i].alone));
    for (const SimulatedRun& run : report.runs) {
      const auto& project = run.summary.projects[i];
      text += fmt::format("{:>14} (× {:.2f})", sim::in_words(project.took), project.slowdown());
    }
    text += '\n';
  }
  if (projects.size() > kProjectsShown)
    text += fmt::format("and {} more; --json has all\n", projects.size() - kProjectsShown);
  return text;
}

json to_json(const SimulatedRun& run) {
  const sim::Summary& summary = run.summary;
  auto projects = json::array();
  for (const auto& project : summary.projects) {
    projects.push_back({{"project", project.name},
                        {"steps", project.steps},
                        {"seconds", seconds(project.took)},
                        {"aloneSeconds", seconds(project.alone)},
                        {"slowdown", project.slowdown()},
                        {"meanWaitSeconds", seconds(project.mean_wait)},
                        {"worstWaitSeconds", seconds(project.worst_wait)}});
  }
  return {{"order", run.order},
          {"makespanSeconds", seconds(summary.makespan)},
          {"excess", summary.excess()},
          {"utilisation", summary.utilisation},
          {"meanWaitSeconds", seconds(mean_wait(summary))},
          {"fairness", summary.fairness()},
          {"worstSlowdown", summary.worst_slowdown()},
          {"bytesSent", summary.sent.value()},
          {"bytesReceived", summary.received.value()},
          {"projects", std::move(projects)}};
}

}  // namespace

std::string to_text(const SimulationReport& report) {
  std::string text = head(report) + table_of_orders(report);
  if (report.runs.front().summary.projects.size() > 1) text += table_of_projects(report);
  return text;
}

json to_json(const SimulationReport& report) {
  const sim::Bounds& bounds = report.runs.front().summary.bounds;
  auto runs = json::array();
  for (const SimulatedRun& run : report.runs)
    runs.push_back(to_json(run));
  return {{"steps", report.steps},
          {"machines", report.machines},
          {"slots", report.slots},
          {"seed", report.seed},
          {"guessedDurations", report.guessed},
          {"bounds",
           {{"chainSeconds", seconds(bounds.chain)},
            {"chainSteps", report.chain_steps},
            {"workSeconds", seconds(bounds.work)},
            {"lowerSeconds", seconds(bounds.lower())}}},
          {"runs", std::move(runs)}};
}

}  // namespace firn::cli
