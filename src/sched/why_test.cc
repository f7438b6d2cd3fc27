// SPDX-License-Identifier: Apache-2.0
#include "sched/why.h"

#include "support/sched_farm.h"

#include <set>

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

TEST(Why, NamesWhatNoMachineOffers) {
  SchedFarm farm;
  const StepId step = farm.step("s", {}, {.features = {"kvm"}, .system = "x86_64-darwin"});
  EXPECT_EQ(farm.why(step), "no machine offers {x86_64-darwin, kvm}: there are no machines");
  farm.machine("b1", 1, {"kvm"});
  EXPECT_EQ(farm.why(step),
            "no machine offers {x86_64-darwin, kvm}; the nearest, b1, misses x86_64-darwin");
  farm.scheduler.add_machine({.name = "b2", .systems = {"x86_64-darwin"}});
  EXPECT_EQ(farm.why(step), "no machine offers {x86_64-darwin, kvm}; the nearest, b2, misses kvm");
}

TEST(Why, NamesWhatAMachineInsistsOn) {
  SchedFarm farm;
  farm.scheduler.add_machine(
      {.name = "b1", .systems = {std::string(kLinux)}, .mandatory_features = {"big-parallel"}});
  EXPECT_EQ(farm.why(farm.step("s")),
            "no machine offers {x86_64-linux}; the nearest, b1, insists on big-parallel");
}

TEST(Why, NamesDependencies) {
  SchedFarm farm;
  farm.machine("m");
  std::vector<StepId> dependencies;
  for (const char* name : {"glibc", "gcc", "bash", "make", "sed"}) {
    dependencies.push_back(farm.step(name));
  }
  const StepId step = farm.step("s", dependencies);
  EXPECT_EQ(farm.why(step), "waits for 5 steps: glibc, gcc, bash and 2 more");
  EXPECT_EQ(farm.scheduler.why(step).steps, dependencies);
  for (std::size_t i = 0; i < 4; ++i)
    farm.scheduler.complete_without_build(dependencies[i]);
  EXPECT_EQ(farm.why(step), "waits for 1 step: sed");
}

TEST(Why, NamesTheDeepestDependency) {
  SchedFarm farm;
  farm.machine("m");
  const StepId glibc = farm.step("glibc");
  const StepId gcc = farm.step("gcc", {glibc});
  const StepId bash = farm.step("bash", {glibc});
  const StepId make = farm.step("make", {gcc});
  const StepId step = farm.step("s", {bash, make, glibc});
  EXPECT_EQ(farm.why(step),
            "waits for 4 steps, 3 of them directly: glibc, bash, make; the deepest is glibc, 3 "
            "levels down");
  EXPECT_EQ(farm.scheduler.why(step).deepest, glibc);
  EXPECT_EQ(farm.why(make),
            "waits for 2 steps, 1 of them directly: gcc; the deepest is glibc, 2 levels down");
  EXPECT_EQ(farm.why(gcc), "waits for 1 step: glibc");
}

TEST(Why, TellsARunningStepsPhaseAndMachine) {
  SchedFarm farm;
  farm.machine("b1");
  const StepId step = farm.step("s");
  EXPECT_EQ(farm.why(step), "is next");
  const Assignment running = farm.only();
  EXPECT_EQ(farm.why(step), "is connecting on b1, try 1");
  farm.enter(running, Phase::waiting_for_transfer_slot);
  EXPECT_EQ(farm.why(step), "is waiting for a transfer slot on b1, try 1");
  farm.dispatch();
  EXPECT_EQ(farm.why(step), "is receiving outputs on b1, try 1");
  farm.succeed(running);
  EXPECT_EQ(farm.why(step), "is done");
}

TEST(Why, TellsWhatTheMachinesDo) {
  SchedFarm farm;
  farm.machine("b1");
  const MachineId second = farm.machine("b2");
  farm.scheduler.set_machine_enabled(second, false);
  farm.step("busy");
  farm.only();
  const StepId step = farm.step("s");
  EXPECT_EQ(farm.why(step), "waits for a slot; 2 machines could take it: 1 full, 1 disabled");
}

TEST(Why, TellsOfDisabledMachines) {
  SchedFarm farm;
  farm.scheduler.set_machine_enabled(farm.machine("b1"), false);
  EXPECT_EQ(farm.why(farm.step("s")),
            "waits for a disabled machine; 1 machine could take it: 1 disabled");
}

TEST(Why, TellsWhenAMachineIsBack) {
  SchedFarm farm(Options{.machine_back_off = {.first = seconds(20), .limit = seconds(20)}});
  const MachineId first = farm.machine("b1");
  const MachineId second = farm.machine("b2");
  for (int i = 0; i < 3; ++i)
    farm.scheduler.report_machine_fault(first, farm.now);
  farm.now += seconds(5);
  for (int i = 0; i < 3; ++i)
    farm.scheduler.report_machine_fault(second, farm.now);
  EXPECT_EQ(farm.why(farm.step("s")),
            "waits for b1, which is asked again in 15 s; 2 machines could take it: 2 in back-off");
}

TEST(Why, TellsOfAMachineOnTrial) {
  SchedFarm farm;
  const MachineId machine = farm.machine("b1", 2);
  for (int i = 0; i < 3; ++i)
    farm.scheduler.report_machine_fault(machine, farm.now);
  farm.now += minutes(1);
  farm.answer_probes();
  farm.step("first");
  const StepId step = farm.step("s");
  farm.only();
  EXPECT_EQ(farm.why(step), "waits for a slot; 1 machine could take it: 1 on trial after faults");
}

TEST(Why, TellsOfARetry) {
  SchedFarm farm;
  farm.machine("b1");
  const StepId step = farm.step("s");
  farm.fail(farm.only(), FailureClass::transfer_stalled);
  EXPECT_EQ(farm.why(step), "is tried again in 1 s, after 1 try: transfer stalled");
}

TEST(Why, TellsOfAStepThatGoesElsewhere) {
  SchedFarm farm;
  farm.machine("b1");
  farm.machine("b2");
  const StepId step = farm.step("s", {}, {.priority = 1});
  farm.step("busy");
  farm.fail(farm.assignments()[0], FailureClass::transfer_stalled);
  EXPECT_EQ(farm.why(step), "waits for a slot; 2 machines could take it: 1 full, 1 tried before");
}

TEST(Why, TellsOfAPause) {
  SchedFarm farm;
  farm.machine("b1");
  farm.scheduler.pause(Pauser::owner, "the destination is down");
  EXPECT_EQ(farm.why(farm.step("s")),
            "is not started: dispatch is paused, the destination is down");
}

TEST(Why, TellsWhyMachinesAreUnusable) {
  SchedFarm farm;
  farm.scheduler.set_machine_unusable(farm.machine("b1"), "unknown host key");
  EXPECT_EQ(farm.why(farm.step("s")),
            "no usable machine offers {x86_64-linux}; b1: unknown host key");
}

TEST(Why, TellsOfTransferSlots) {
  SchedFarm farm(Options{.max_transfers = 1});
  farm.machine("b1");
  for (int i = 0; i < 2; ++i) {
    farm.step("s");
    farm.enter(farm.only(), Phase::waiting_for_transfer_slot);
  }
  EXPECT_EQ(farm.why(farm.step("s")),
            "waits for a transfer slot; 1 machine could take it: 1 waiting for a transfer slot");
}

TEST(Why, TellsHowAStepEnded) {
  SchedFarm farm;
  farm.machine("b1");
  const StepId step = farm.step("s");
  farm.fail(farm.only(), FailureClass::log_too_big);
  EXPECT_EQ(farm.why(step), "failed: log too big, after 1 try");
  EXPECT_EQ(farm.scheduler.why(step).last_failure, FailureClass::log_too_big);
}

TEST(Reason, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Reason::next); ++i) {
    names.insert(to_string(static_cast<Reason>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Reason::next) + 1);
}

}  // namespace
}  // namespace firn::sched
