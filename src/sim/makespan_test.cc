// SPDX-License-Identifier: Apache-2.0
// bench/makespan_bench.cc in small: how near the critical path's order is to what is possible.
#include "sim/generator.h"
#include "sim/simulation.h"
#include "sim/summary.h"

#include <gtest/gtest.h>

namespace firn::sim {
namespace {

using sched::Order;

/// A small package set, on a small fleet.
constexpr std::uint32_t kSteps = 1500;

double excess(const Queue& queue, std::uint32_t slots, Order order) {
  const Fleet fleet = uniform_fleet(1, slots, queue.kinds.front());
  return summarise(queue, fleet, simulate(queue, fleet, {.order = order})).excess();
}

TEST(Makespan, IsNearTheBoundWhereWorkOrTheChainRules) {
  const Queue queue = generate({.steps = kSteps, .layers = 12}, 1);
  EXPECT_LT(excess(queue, 1, Order::critical_path), 0.05);
  EXPECT_LT(excess(queue, 16, Order::critical_path), 0.05);
}

TEST(Makespan, IsNotFarFromItInBetween) {
  const Queue queue = generate({.steps = kSteps, .layers = 12}, 1);
  EXPECT_LT(excess(queue, 4, Order::critical_path), 0.2);
}

TEST(Makespan, WrongHistoryStillBeatsCountingDependents) {
  double wrong = 0;
  double rdeps = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Queue queue = generate({.steps = kSteps, .layers = 12}, seed);
    rdeps += excess(queue, 4, Order::rdeps);
    distort_expectations(queue, 3, seed);
    wrong += excess(queue, 4, Order::critical_path);
  }
  EXPECT_LT(wrong, rdeps);
}

}  // namespace
}  // namespace firn::sim
