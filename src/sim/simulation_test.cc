// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.h"

#include "base/error.h"
#include "sim/generator.h"
#include "sim/summary.h"

#include <gtest/gtest.h>

namespace firn::sim {
namespace {

using std::chrono::seconds;

const StepKind kLinux{.system = "x86_64-linux", .features = {}};

/// A step of 10 s below two of 20 s and 30 s, all wanted by one project.
Queue fork() {
  Queue queue;
  queue.kinds = {kLinux};
  queue.steps = {
      {.name = "a", .dependencies = {}, .duration = seconds(10), .output = ByteCount(1000)},
      {.name = "b", .dependencies = {0}, .duration = seconds(20), .output = ByteCount(500)},
      {.name = "c", .dependencies = {0}, .duration = seconds(30), .output = ByteCount(500)}};
  queue.projects = {{.name = "p"}};
  queue.builds = {{.step = 1}, {.step = 2}};
  return queue;
}

TEST(Simulation, RunsStepsWhenTheyAreReadyAndSlotsAreFree) {
  const Queue queue = fork();
  const Fleet fleet = uniform_fleet(1, 2, kLinux);
  const Outcome outcome = simulate(queue, fleet, {});
  EXPECT_EQ(outcome.makespan, seconds(40));
  EXPECT_EQ(outcome.steps[1].ready, seconds(10));
  EXPECT_EQ(outcome.steps[1].ended, seconds(30));
  EXPECT_EQ(outcome.steps[2].ended, seconds(40));
  const Summary summary = summarise(queue, fleet, outcome);
  EXPECT_DOUBLE_EQ(summary.excess(), 0);
  EXPECT_DOUBLE_EQ(summary.utilisation, 0.75);
  EXPECT_EQ(outcome.sent, ByteCount(0));
  EXPECT_EQ(outcome.received, ByteCount(2000));
}

TEST(Simulation, OneSlotMakesOneWait) {
  const Queue queue = fork();
  const Fleet fleet = uniform_fleet(1, 1, kLinux);
  const Outcome outcome = simulate(queue, fleet, {});
  EXPECT_EQ(outcome.makespan, seconds(60));
  const Summary summary = summarise(queue, fleet, outcome);
  EXPECT_DOUBLE_EQ(summary.utilisation, 1);
  ASSERT_EQ(summary.projects.size(), 1U);
  EXPECT_GE(summary.projects[0].worst_wait, seconds(20));
  EXPECT_DOUBLE_EQ(summary.worst_slowdown(), 1);
}

TEST(Simulation, FastMachinesTakeLess) {
  Fleet fleet = uniform_fleet(1, 2, kLinux);
  fleet.machines[0].speed_factor = 2;
  EXPECT_EQ(simulate(fork(), fleet, {}).makespan, seconds(20));
}

TEST(Simulation, BuildsArriveWhenTheyDo) {
  Queue queue = fork();
  queue.builds[1].arrives = seconds(100);
  const Outcome outcome = simulate(queue, uniform_fleet(1, 2, kLinux), {});
  EXPECT_EQ(outcome.steps[2].ready, seconds(100));
  EXPECT_EQ(outcome.makespan, seconds(130));
}

TEST(Simulation, WhatNobodyWantsIsNotRun) {
  Queue queue = fork();
  queue.builds.pop_back();
  const Outcome outcome = simulate(queue, uniform_fleet(1, 2, kLinux), {});
  EXPECT_FALSE(outcome.steps[2].was_run);
  EXPECT_EQ(outcome.makespan, seconds(30));
}

TEST(Simulation, MovingTakesTimeOnASlowLink) {
  Fleet fleet = uniform_fleet(2, 1, kLinux);
  fleet.bytes_per_second = 100;
  const Outcome outcome = simulate(fork(), fleet, {});
  // 10 s build, 10 s back; then one of the two runs where the input is already.
  EXPECT_EQ(outcome.steps[0].ended, seconds(20));
  EXPECT_EQ(outcome.sent, ByteCount(1000));
  EXPECT_EQ(outcome.received, ByteCount(2000));
  EXPECT_GE(outcome.makespan, seconds(20 + 30 + 5));
  EXPECT_LE(outcome.makespan, seconds(20 + 10 + 30 + 5));
}

TEST(Simulation, SaysWhatNoMachineTakes) {
  EXPECT_THROW(
      simulate(fork(), uniform_fleet(1, 1, {.system = "aarch64-linux", .features = {}}), {}),
      Error);
}

TEST(Simulation, OfAPackageSetIsLegalAndTheSameEachTime) {
  const Queue queue = generate({.steps = 600, .layers = 10}, 3);
  const Fleet fleet = uniform_fleet(4, 8, kLinux);
  const Outcome outcome = simulate(queue, fleet, {});
  for (std::size_t i = 0; i < queue.steps.size(); ++i) {
    const Execution& execution = outcome.steps[i];
    EXPECT_EQ(execution.ended - execution.began, queue.steps[i].duration);
    for (const StepIndex dependency : queue.steps[i].dependencies)
      EXPECT_GE(execution.began, outcome.steps[dependency].ended);
  }
  EXPECT_GE(outcome.makespan, bounds(queue, fleet).lower());
  EXPECT_EQ(outcome.makespan, simulate(queue, fleet, {}).makespan);
}

TEST(Summary, FairnessIsOneWhereAllAreSlowedAlike) {
  Summary summary;
  summary.projects = {{.name = "a", .took = seconds(20), .alone = seconds(10)},
                      {.name = "b", .took = seconds(40), .alone = seconds(20)}};
  EXPECT_DOUBLE_EQ(summary.fairness(), 1);
  EXPECT_DOUBLE_EQ(summary.worst_slowdown(), 2);
  summary.projects[1].took = seconds(2000);
  EXPECT_LT(summary.fairness(), 0.6);
}

}  // namespace
}  // namespace firn::sim
