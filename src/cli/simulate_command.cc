// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_command.h"

#include "base/error.h"
#include "cli/database_address.h"
#include "cli/machines.h"
#include "cli/simulate_sources.h"
#include "db/connection.h"
#include "farm/machine_access.h"
#include "sim/bounds.h"
#include "sim/gantt.h"
#include "sim/generator.h"
#include "sim/replay.h"
#include "sim/simulation.h"
#include "sim/time_axis.h"
#include "sim/utilisation_plot.h"
#include "view/words.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

constexpr std::uint32_t kPastSteps = 10'000;
/// Of which the durations of a source are taken.
constexpr std::size_t kHistory = 200'000;
constexpr FleetSize kFleet{.machines = 4, .slots = 4};

std::string read_text(const std::string& file) {
  if (file == "-") {
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad())
    throw Error(Kind::not_found, fmt::format("cannot read {}", file));
  return text;
}

void write_text(const std::string& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.flush();
  if (!stream.good()) throw Error(Kind::resource, fmt::format("cannot write {}", file));
}

std::vector<db::PastStep> history(const std::string& database, std::size_t most) {
  const auto address = database_address(database);
  const auto connection = db::connect(address);
  db::Transaction transaction(*connection);
  return db::past_steps(transaction, most);
}

const sim::Family& family_named(const std::string& name) {
  const auto families = sim::families();
  return *std::ranges::find(families, name, &sim::Family::name);
}

sim::Queue generated(const SimulateOptions& options) {
  sim::Shape shape = family_named(options.family).shape;
  shape.steps = options.steps.value_or(shape.steps);
  shape.projects = options.projects;
  return sim::generate(shape, options.seed);
}

sim::Queue queue_of_dump(const std::string& file) {
  const std::string text = read_text(file);
  try {
    return queue_of_graph(text);
  } catch (Error& error) {
    error.add_context("reading " + (file == "-" ? "the graph on standard input" : file));
    throw;
  }
}

sim::Queue queue_of_source(const std::string& source) {
  try {
    return source.ends_with(".drv") ? queue_of_closure(source) : queue_of_dump(source);
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(Kind::not_found, fmt::format("cannot read {}: {}", source, error.code().message()));
  }
}

/// A queue, and of how many of its steps the duration is a guess.
struct Source {
  sim::Queue queue;
  std::size_t guessed = 0;
};

Source load(const SimulateOptions& options) {
  Source source;
  KnownDurations known;
  if (!options.source.empty()) {
    source.queue = queue_of_source(options.source);
    if (options.database) known = durations_of(history(*options.database, kHistory));
  } else if (options.database) {
    source.queue = queue_of_history(history(*options.database, options.steps.value_or(kPastSteps)));
    if (source.queue.steps.empty())
      throw Error(Kind::invalid, "the database knows no step that was built with success");
  } else {
    source.queue = generated(options);
  }
  if (!options.durations.empty())
    known.merge(parse_durations(read_text(options.durations), options.durations));
  source.guessed = fill_durations(source.queue, known, options.seed);
  return source;
}

/// Machines that take every step of the queue.
sim::Fleet willing_fleet(const sim::Queue& queue, const FleetSize& size) {
  std::set<std::string> systems;
  std::set<std::string> features;
  for (const sim::StepKind& kind : queue.kinds) {
    systems.insert(kind.system);
    features.insert(kind.features.begin(), kind.features.end());
  }
  sim::Fleet fleet = sim::uniform_fleet(
      size.machines, size.slots, {.system = {}, .features = {features.begin(), features.end()}});
  for (sched::MachineSpec& machine : fleet.machines)
    machine.systems.assign(systems.begin(), systems.end());
  return fleet;
}

sim::Fleet fleet_of(const SimulateOptions& options, const sim::Queue& queue) {
  sim::Fleet fleet;
  if (!options.builders.empty()) {
    const Machines named = assemble_machines(options.builders, 0);
    for (const std::string& warning : named.warnings)
      std::fprintf(stderr, "warning: %s\n", warning.c_str());
    for (const nix::Machine& machine : named.machines)
      fleet.machines.push_back(farm::spec_for(machine, own_system()));
  } else if (!options.fleet && options.source.empty() && !options.database) {
    const sim::Family& family = family_named(options.family);
    fleet = willing_fleet(queue, {.machines = family.machines, .slots = family.slots});
  } else {
    fleet = willing_fleet(queue, options.fleet.value_or(kFleet));
  }
  if (options.link) fleet.bytes_per_second = *options.link;
  return fleet;
}

std::string title_of(const SimulatedRun& run) {
  return fmt::format("{}: done after {}, not possible before {}",
                     run.order,
                     sim::in_words(run.summary.makespan),
                     sim::in_words(run.summary.bounds.lower()));
}

ExitCode replay(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream.is_open()) throw Error(Kind::not_found, fmt::format("cannot read {}", file));
  const sim::Replay result = sim::replay([&]() -> std::optional<std::string> {
    std::string line;
    if (!std::getline(stream, line)) return std::nullopt;
    return line;
  });
  const std::string what = fmt::format("{} and {} of {}",
                                       view::counted(result.calls, "call"),
                                       view::counted(result.started, "start"),
                                       view::counted(result.steps, "step"));
  if (!result.difference) {
    std::cout << fmt::format("{}: decided as recorded\n", what) << std::flush;
    return ExitCode::success;
  }
  std::cout << fmt::format(
                   "{}: line {} is decided otherwise today\n  recorded: {}\n  today:    {}\n",
                   what,
                   result.difference->line,
                   result.difference->recorded,
                   result.difference->today)
            << std::flush;
  return ExitCode::build_failed;
}

}  // namespace

SimulationReport simulate(const SimulateOptions& options) {
  const Source source = load(options);
  const sim::Queue& queue = source.queue;
  const sim::Fleet fleet = fleet_of(options, queue);
  SimulationReport report{.steps = queue.steps.size(),
                          .machines = fleet.machines.size(),
                          .seed = options.seed,
                          .chain_steps = sim::longest_chain(queue, fleet).size(),
                          .guessed = source.guessed,
                          .runs = {}};
  for (const sched::MachineSpec& machine : fleet.machines)
    report.slots += machine.max_jobs;
  std::vector<sim::Outcome> outcomes;
  for (const sched::Order order : options.orders) {
    outcomes.push_back(sim::simulate(queue, fleet, {.seed = options.seed, .order = order}));
    report.runs.push_back({.order = std::string(sched::to_string(order)),
                           .summary = sim::summarise(queue, fleet, outcomes.back())});
  }
  if (!options.gantt.empty()) {
    write_text(options.gantt,
               sim::draw_gantt(queue, fleet, outcomes.front(), title_of(report.runs.front())));
  }
  if (!options.utilisation.empty()) {
    std::vector<sim::PlottedRun> plotted;
    plotted.reserve(outcomes.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      plotted.push_back({.title = title_of(report.runs[i]), .outcome = &outcomes[i]});
    write_text(options.utilisation, sim::draw_utilisation(queue, fleet, plotted));
  }
  return report;
}

ExitCode run_simulate(const SimulateOptions& options) {
  try {
    if (!options.replay.empty()) return replay(options.replay);
    const SimulationReport report = simulate(options);
    std::cout << (options.json ? to_json(report).dump(2) + "\n" : to_text(report)) << std::flush;
    return ExitCode::success;
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return error.kind() == Kind::unavailable ? ExitCode::infrastructure : ExitCode::usage;
  }
}

}  // namespace firn::cli
