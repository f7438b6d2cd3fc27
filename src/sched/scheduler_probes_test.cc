// SPDX-License-Identifier: Apache-2.0
#include "support/sched_farm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Machines are out from the start, and their first probe is due ten seconds later.
class SchedulerProbeTest : public testing::Test {
 protected:
  MachineId lost_machine(std::string name) {
    const MachineId machine = farm_.machine(std::move(name), 2);
    for (int i = 0; i < 3; ++i)
      farm_.scheduler.report_machine_fault(machine, farm_.now);
    return machine;
  }

  /// Waits for the next probe, which is in vain.
  FailedProbe fail_next(MachineId machine) {
    farm_.now = farm_.scheduler.next_wakeup().value_or(farm_.now);
    EXPECT_THAT(farm_.dispatch().probes, ElementsAre(machine));
    return farm_.scheduler.probe_failed(machine, "nobody answers", farm_.now);
  }

  SchedFarm farm_;
};

TEST_F(SchedulerProbeTest, AStepThatNobodyElseCanDoWaitsForTheAnswer) {
  const MachineId machine = lost_machine("b1");
  const StepId step = farm_.step("s");
  EXPECT_THAT(farm_.dispatch().probes, IsEmpty());
  farm_.now = farm_.scheduler.next_wakeup().value();
  const Decisions decisions = farm_.dispatch();
  EXPECT_THAT(decisions.probes, ElementsAre(machine));
  EXPECT_THAT(decisions.assignments, IsEmpty());
  EXPECT_EQ(farm_.scheduler.why(step).reason, Reason::machines_backing_off);
  EXPECT_EQ(farm_.why(step),
            "waits for b1, which is asked whether it is back; 1 machine could take it: 1 asked "
            "whether it is back");
  EXPECT_FALSE(farm_.scheduler.is_settled());
  EXPECT_EQ(farm_.scheduler.next_wakeup(), std::nullopt) << "the answer is an event";
  farm_.scheduler.probe_succeeded(machine);
  EXPECT_EQ(farm_.only().step, step);
}

TEST_F(SchedulerProbeTest, GoesOnWhileDispatchIsPaused) {
  const MachineId machine = lost_machine("b1");
  farm_.scheduler.pause(Pauser::owner, "test");
  farm_.now += seconds(10);
  EXPECT_THAT(farm_.dispatch().probes, ElementsAre(machine));
}

TEST_F(SchedulerProbeTest, EachProbeInVainIsATryOfTheStepsThatWait) {
  const MachineId machine = lost_machine("b1");
  const StepId step = farm_.step("s");
  const StepId user = farm_.step("user", {step});
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(fail_next(machine).ended.steps, IsEmpty());
  const FailedProbe last = fail_next(machine);
  EXPECT_THAT(last.ended.steps, ElementsAre(step));
  EXPECT_THAT(last.ended.fallen, ElementsAre(user));
  EXPECT_EQ(farm_.why(step), "was aborted: b1: nobody answers");
  EXPECT_TRUE(farm_.scheduler.is_settled());
}

TEST_F(SchedulerProbeTest, TriesOfTheStepItselfCountAsWell) {
  const MachineId machine = farm_.machine("b1");
  const StepId step = farm_.step("s");
  for (int i = 0; i < 3; ++i) {
    farm_.fail(farm_.only(), FailureClass::machine_lost);
    farm_.now = farm_.scheduler.next_wakeup().value();
  }
  EXPECT_THAT(fail_next(machine).ended.steps, ElementsAre(step));
}

TEST_F(SchedulerProbeTest, AStepThatAnotherMachineCanTakeWaitsForThatOne) {
  const MachineId machine = lost_machine("b1");
  const MachineId other = farm_.machine("b2");
  farm_.step("busy");
  EXPECT_EQ(farm_.only().machine, other);
  const StepId step = farm_.step("s");
  for (int i = 0; i < 6; ++i)
    EXPECT_THAT(fail_next(machine).ended.steps, IsEmpty());
  EXPECT_EQ(farm_.state(step), StepState::ready);
}

TEST_F(SchedulerProbeTest, WhereStepsWaitForMachinesNoProbeInVainEndsThem) {
  farm_.scheduler = Scheduler(Options{.waits_for_machines = true});
  const MachineId machine = lost_machine("b1");
  const StepId step = farm_.step("s");
  for (int i = 0; i < 9; ++i)
    EXPECT_THAT(fail_next(machine).ended.steps, IsEmpty());
  EXPECT_EQ(farm_.state(step), StepState::ready);
}

TEST_F(SchedulerProbeTest, AnAnswerForgivesTheProbesInVain) {
  const MachineId machine = lost_machine("b1");
  farm_.step("s");
  for (int i = 0; i < 3; ++i)
    fail_next(machine);
  farm_.now = farm_.scheduler.next_wakeup().value();
  farm_.answer_probes();
  EXPECT_THAT(farm_.assignments(), SizeIs(1));
}

}  // namespace
}  // namespace firn::sched
