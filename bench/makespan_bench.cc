// SPDX-License-Identifier: Apache-2.0
// How far the scheduler's orders are from the theoretical limit, on the three families of package
// sets that src/sim fixes. Pure computation: the same figures on every machine.
#include "sim/generator.h"
#include "sim/simulation.h"
#include "sim/summary.h"
#include "statistics.h"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace firn::bench {
namespace {

using sched::Order;
using sim::Family;
using sim::Queue;

constexpr std::uint32_t kProjects = 8;
constexpr double kWrongBy = 3;

/// Of one family and policy, seed by seed.
struct Excess {
  std::vector<double> values;

  void add(const sim::Summary& summary) { values.push_back(100 * summary.excess()); }

  std::string str() const {
    return fmt::format("{:.1f} / {:.1f}", median(values), highest(values));
  }
};

sim::Fleet fleet_of(const Family& family) {
  return sim::uniform_fleet(family.machines, family.slots, family.shape.kind);
}

sim::Summary run(const Queue& queue, const sim::Fleet& fleet, Order order) {
  return sim::summarise(queue, fleet, sim::simulate(queue, fleet, {.order = order}));
}

double ratio(const sim::Bounds& bounds) {
  return static_cast<double>(bounds.work.count()) / static_cast<double>(bounds.chain.count());
}

struct Orders {
  Excess critical_path;
  Excess hydra;
  Excess rdeps;

  void add(const Queue& queue, const sim::Fleet& fleet) {
    critical_path.add(run(queue, fleet, Order::critical_path));
    hydra.add(run(queue, fleet, Order::hydra));
    rdeps.add(run(queue, fleet, Order::rdeps));
  }
};

void one_project(std::uint64_t seeds) {
  std::puts(
      "One project: the last step's end above max(longest chain, work / capacity), in %, median / "
      "worst.\n");
  std::puts(
      "| family | work / chain | perfect history | history wrong by 3 | Hydra's order | rdeps "
      "order "
      "|\n|---|---|---|---|---|---|");
  for (const Family& family : sim::families()) {
    const sim::Fleet fleet = fleet_of(family);
    Orders perfect;
    Excess wrong;
    std::vector<double> ratios;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      Queue queue = sim::generate(family.shape, seed);
      ratios.push_back(ratio(sim::bounds(queue, fleet)));
      perfect.add(queue, fleet);
      sim::distort_expectations(queue, kWrongBy, seed);
      wrong.add(run(queue, fleet, Order::critical_path));
    }
    std::printf("| %s | %.2f to %.2f | %s | %s | %s | %s |\n",
                std::string(family.name).c_str(),
                lowest(ratios),
                highest(ratios),
                perfect.critical_path.str().c_str(),
                wrong.str().c_str(),
                perfect.hydra.str().c_str(),
                perfect.rdeps.str().c_str());
    std::fflush(stdout);
  }
}

/// The same steps, wanted by one project.
Queue joined(Queue queue) {
  queue.projects.resize(1);
  for (sim::Build& build : queue.builds)
    build.project = 0;
  return queue;
}

void eight_projects(std::uint64_t seeds) {
  std::printf(
      "\n%u projects: the same, and what sharing costs: the same queue as one project's. Fairness "
      "is Jain's index of\nthe projects' speeds, slowdown the worst project's against having the "
      "farm for itself; both the median.\n\n",
      kProjects);
  std::puts(
      "| family | shared | as one | rdeps order, shared | fairness | worst slowdown "
      "|\n|---|---|---|---|---|---|");
  for (const Family& family : sim::families()) {
    const sim::Fleet fleet = fleet_of(family);
    sim::Shape shape = family.shape;
    shape.projects = kProjects;
    Excess shared;
    Excess as_one;
    Excess rdeps;
    std::vector<double> fairness;
    std::vector<double> slowdown;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const Queue queue = sim::generate(shape, seed);
      const sim::Summary summary = run(queue, fleet, Order::critical_path);
      shared.add(summary);
      fairness.push_back(summary.fairness());
      slowdown.push_back(summary.worst_slowdown());
      as_one.add(run(joined(queue), fleet, Order::critical_path));
      rdeps.add(run(queue, fleet, Order::rdeps));
    }
    std::printf("| %s | %s | %s | %s | %.2f | %.1f |\n",
                std::string(family.name).c_str(),
                shared.str().c_str(),
                as_one.str().c_str(),
                rdeps.str().c_str(),
                median(fairness),
                median(slowdown));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace firn::bench

// makespan_bench [SEEDS]
int main(int argc, char** argv) {
  std::uint64_t seeds = 10;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), seeds);
  firn::bench::one_project(seeds);
  firn::bench::eight_projects(seeds);
  return 0;
}
