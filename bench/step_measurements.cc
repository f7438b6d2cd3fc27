// SPDX-License-Identifier: Apache-2.0
#include "step_measurements.h"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::bench {

namespace {

struct Steps {
  Place place = Place::coordinator;
  std::string_view attribute;
  int ours = 0;
  int peers = 0;
};

std::string describe(Place place) {
  return place == Place::coordinator ? fmt::format("local, {} slots", kSlots)
                                     : fmt::format("one ssh builder, {} slots", kSlots);
}

std::string nix_command(Place place) {
  return place == Place::coordinator ? fmt::format("nix-store --realise -j{}", kSlots)
                                     : "nix-store --realise -j0 --builders";
}

std::string name_of(const Steps& steps) {
  return fmt::format("{}, {} {}", describe(steps.place), steps.ours, steps.attribute);
}

/// Both programs on graphs of their own, by turns. Times are of the whole process, from derivations
/// to valid outputs; making the derivations is not in them.
std::pair<RunSeries, RunSeries> compare(Bench& bench, const Steps& steps) {
  RunSeries ours{.what = fmt::format("firn: {}", name_of(steps))};
  RunSeries peers{.what = fmt::format("{}: {}", nix_command(steps.place), steps.peers)};
  const auto& lab = bench.lab();
  const auto instantiate = [&](int count) {
    return lab.instantiate(steps.attribute, {"count", std::to_string(count)});
  };
  for (int round = 1; round <= bench.options().rounds; ++round) {
    const auto our_drvs = instantiate(steps.ours);
    bench.settle();
    const auto firn = lab.run_firn(steps.place, our_drvs);
    ours.costs.push_back(firn.cost);
    ours.add_part("connecting", firn.events.phase("connecting"));
    ours.add_part("plan to end", firn.events.run);
    ours.add_part("step to step", firn.events.step_to_step);

    const auto peer_drvs = instantiate(steps.peers);
    bench.settle();
    peers.costs.push_back(lab.run_nix(steps.place, peer_drvs));
    bench.say(fmt::format("{}, round {}: firn {:.2f} s, nix {:.2f} s",
                          name_of(steps),
                          round,
                          ours.costs.back().wall.count(),
                          peers.costs.back().wall.count()));
  }
  return {ours, peers};
}

std::vector<double> rates(const RunSeries& series, int steps) {
  auto values = series.walls();
  for (auto& value : values)
    value = steps / value;
  return values;
}

std::vector<double> milliseconds_a_step(const RunSeries& series, int steps) {
  auto values = series.walls();
  for (auto& value : values)
    value = 1000 * value / steps;
  return values;
}

void report(Bench& bench, const Steps& steps, Figure rate, Figure time) {
  auto [ours, peers] = compare(bench, steps);
  rate.what = time.what = name_of(steps);
  if (steps.ours != steps.peers) rate.what += fmt::format(" (peer: {})", steps.peers);
  rate.ours = rates(ours, steps.ours);
  rate.peers = rates(peers, steps.peers);
  time.ours = milliseconds_a_step(ours, steps.ours);
  time.peers = milliseconds_a_step(peers, steps.peers);
  auto& result = bench.report();
  result.figures.push_back(std::move(rate));
  result.figures.push_back(std::move(time));
  result.runs.push_back(std::move(ours));
  result.runs.push_back(std::move(peers));
}

}  // namespace

void measure_independent_steps(Bench& bench, Place place) {
  const auto& options = bench.options();
  const bool is_local = place == Place::coordinator;
  report(bench,
         {.place = place,
          .attribute = "independent",
          .ours = options.steps,
          .peers = is_local ? options.steps : options.peer_ssh_steps},
         {.unit = "steps/s", .aim = Aim{.value = is_local ? 200.0 : 120.0}},
         {.unit = "ms/step", .better = Better::lower});
}

void measure_chain(Bench& bench, Place place) {
  const auto chain = bench.options().chain;
  Figure time{.unit = "ms/step", .better = Better::lower};
  if (place == Place::builder) time.aim = Aim{.value = 10};
  report(bench,
         {.place = place, .attribute = "chain", .ours = chain, .peers = chain},
         {.unit = "steps/s"},
         std::move(time));
}

}  // namespace firn::bench
