// SPDX-License-Identifier: Apache-2.0
// What follows from the end of an attempt: retry, failure, abort, cancellation.
#include "support/sched_farm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = Verdict::Outcome;

struct EndCase {
  FailureClass failure;
  Outcome outcome;
  std::uint32_t tries;
  bool remembered;
};

// One machine, one step, always the same failure, until it ends.
TEST(SchedulerRetry, EveryClassEndsWithinItsTries) {
  const EndCase cases[] = {
      {FailureClass::build_failed, Outcome::failed, 1, true},
      {FailureClass::timed_out, Outcome::failed, 1, false},
      {FailureClass::silent_too_long, Outcome::failed, 1, false},
      {FailureClass::log_too_big, Outcome::failed, 1, false},
      {FailureClass::output_too_big, Outcome::failed, 1, false},
      {FailureClass::not_deterministic, Outcome::failed, 1, true},
      {FailureClass::fetch_failed, Outcome::failed, 2, false},
      {FailureClass::transient, Outcome::aborted, 4, false},
      {FailureClass::machine_lost, Outcome::aborted, 4, false},
      {FailureClass::transfer_stalled, Outcome::aborted, 4, false},
      {FailureClass::protocol_error, Outcome::aborted, 4, false},
      {FailureClass::disk_full, Outcome::aborted, 4, false},
      {FailureClass::destination_down, Outcome::aborted, 4, false},
      {FailureClass::input_missing, Outcome::aborted, 4, false},
      {FailureClass::unsigned_inputs, Outcome::aborted, 1, false},
      {FailureClass::coordinator_restart, Outcome::aborted, 4, false},
      {FailureClass::cancelled, Outcome::cancelled, 1, false},
  };
  for (const EndCase& c : cases) {
    SchedFarm farm(Options{.faults_before_back_off = 99});
    farm.machine("m");
    const StepId step = farm.step("s");
    const StepId user = farm.step("user", {step});
    Verdict verdict;
    do {
      verdict = farm.fail(farm.only(), c.failure);
      if (verdict.retry_at) farm.now = *verdict.retry_at;
    } while (verdict.outcome == Outcome::retry);
    EXPECT_EQ(verdict.outcome, c.outcome) << to_string(c.failure);
    EXPECT_EQ(verdict.try_number, c.tries) << to_string(c.failure);
    EXPECT_EQ(verdict.may_be_remembered, c.remembered) << to_string(c.failure);
    EXPECT_THAT(verdict.fallen, ElementsAre(user));
    EXPECT_TRUE(farm.scheduler.is_settled());
  }
}

TEST(SchedulerRetry, GoesToAnotherMachineAtOnce) {
  SchedFarm farm;
  for (const char* name : {"a", "b", "c"})
    farm.machine(name, 2);
  farm.step("s");
  std::set<MachineId> machines;
  for (int i = 0; i < 3; ++i) {
    const Assignment assignment = farm.only();
    machines.insert(assignment.machine);
    const Verdict verdict = farm.fail(assignment, FailureClass::machine_lost);
    EXPECT_EQ(verdict.goes_elsewhere, i < 2);
    EXPECT_EQ(verdict.retry_at, farm.now + (i < 2 ? seconds(0) : seconds(9)));
  }
  EXPECT_THAT(machines, SizeIs(3));
  EXPECT_THAT(farm.assignments(), IsEmpty());
  farm.now += seconds(9);
  EXPECT_EQ(farm.only().try_number, 4U);
}

TEST(SchedulerRetry, ARefusalIsNoTryAndComesOnceFromAMachine) {
  SchedFarm farm;
  for (int i = 0; i < 6; ++i)
    farm.machine("m" + std::to_string(i));
  const StepId step = farm.step("s");
  std::set<MachineId> machines;
  for (int i = 0; i < 5; ++i) {
    const Assignment assignment = farm.only();
    machines.insert(assignment.machine);
    const Verdict verdict = farm.fail(assignment, FailureClass::unsigned_inputs);
    EXPECT_EQ(verdict.outcome, Outcome::retry);
    EXPECT_TRUE(verdict.goes_elsewhere);
    EXPECT_EQ(verdict.retry_at, farm.now);
  }
  EXPECT_THAT(machines, SizeIs(5));
  for (int i = 0; i < 4; ++i) {
    const Assignment assignment = farm.only();
    EXPECT_FALSE(machines.contains(assignment.machine));
    const Verdict verdict = farm.fail(assignment, FailureClass::input_missing);
    EXPECT_EQ(verdict.outcome, i < 3 ? Outcome::retry : Outcome::aborted);
    if (verdict.retry_at) farm.now = *verdict.retry_at;
  }
  EXPECT_EQ(farm.why(step), "was aborted: input missing, after 9 tries");
}

TEST(SchedulerRetry, WhatEveryMachineRefusesIsAborted) {
  SchedFarm farm;
  farm.machine("a");
  farm.machine("b");
  const StepId step = farm.step("s");
  EXPECT_EQ(farm.fail(farm.only(), FailureClass::unsigned_inputs).outcome, Outcome::retry);
  EXPECT_EQ(farm.fail(farm.only(), FailureClass::unsigned_inputs).outcome, Outcome::aborted);
  EXPECT_EQ(farm.why(step), "was aborted: unsigned inputs, after 2 tries");
  EXPECT_TRUE(farm.scheduler.is_settled());
}

TEST(SchedulerRetry, ARefusedStepWaitsForTheMachineThatMayTakeIt) {
  SchedFarm farm;
  const MachineId a = farm.machine("a");
  const MachineId b = farm.machine("b");
  const StepId step = farm.step("s");
  farm.scheduler.set_machine_enabled(b, false);
  EXPECT_EQ(farm.fail(farm.only(), FailureClass::unsigned_inputs).outcome, Outcome::retry);
  farm.now += minutes(10);
  EXPECT_THAT(farm.assignments(), IsEmpty()) << "it went back to a";
  farm.now += minutes(10);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  farm.scheduler.set_machine_enabled(b, true);
  const Assignment assignment = farm.only();
  EXPECT_EQ(assignment.machine, b);
  farm.fail(assignment, FailureClass::machine_lost);
  farm.now += minutes(1);
  const Assignment again = farm.only();
  EXPECT_EQ(again.machine, b);
  farm.fail(again, FailureClass::machine_lost);
  const Ended ended = farm.scheduler.set_machine_unusable(b, "unknown host key");
  EXPECT_THAT(ended.steps, ElementsAre(step));
  EXPECT_EQ(farm.why(step), "was aborted: b: unknown host key");
  EXPECT_NE(a, b);
}

TEST(SchedulerRetry, WaitsForABusyOtherMachine) {
  SchedFarm farm;
  farm.machine("a");
  farm.machine("b");
  farm.step("s");
  farm.step("busy", {}, {.priority = -1});
  const auto running = farm.assignments();
  farm.fail(running[0], FailureClass::protocol_error);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  const StepId other = farm.step("other", {}, {.priority = -2});
  EXPECT_EQ(farm.only().step, other) << "the step that goes elsewhere is in nobody's way";
  farm.succeed(running[1]);
  const Assignment again = farm.only();
  EXPECT_EQ(again.step, running[0].step);
  EXPECT_EQ(again.machine, running[1].machine);
}

TEST(SchedulerRetry, BacksOffOnTheSameMachine) {
  SchedFarm farm(Options{.faults_before_back_off = 99});
  farm.machine("m");
  farm.step("s");
  for (const int wait : {1, 3, 9}) {
    const Verdict verdict = farm.fail(farm.only(), FailureClass::machine_lost);
    EXPECT_FALSE(verdict.goes_elsewhere);
    EXPECT_EQ(verdict.retry_at, farm.now + seconds(wait));
    EXPECT_EQ(farm.scheduler.next_wakeup(), verdict.retry_at);
    farm.now += seconds(wait) - milliseconds(1);
    EXPECT_THAT(farm.assignments(), IsEmpty());
    farm.now += milliseconds(1);
  }
}

TEST(SchedulerRetry, ReturnsToATriedMachineWhenTheOtherGoesAway) {
  SchedFarm farm;
  farm.machine("a");
  const MachineId other = farm.machine("b");
  farm.step("s");
  farm.step("busy", {}, {.priority = -1});
  const auto running = farm.assignments();
  EXPECT_TRUE(farm.fail(running[0], FailureClass::machine_lost).goes_elsewhere);
  farm.scheduler.set_machine_enabled(other, false);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  farm.now += seconds(1);
  EXPECT_EQ(farm.only().machine, running[0].machine);
}

TEST(SchedulerRetry, DoesNotBlameTheMachineForTheDestination) {
  SchedFarm farm;
  const MachineId first = farm.machine("a");
  farm.machine("b");
  farm.step("s");
  const Verdict verdict = farm.fail(farm.only(), FailureClass::destination_down);
  EXPECT_EQ(verdict.retry_at, farm.now + seconds(1));
  farm.now += seconds(1);
  EXPECT_EQ(farm.only().machine, first) << "any machine will do";
  EXPECT_EQ(farm.scheduler.machine(first).faults, 0U);
}

TEST(SchedulerFetch, FailsAfterTwoTriesOnTwoMachines) {
  SchedFarm farm;
  farm.machine("a");
  farm.machine("b");
  farm.step("source", {}, {.fixed_output = true});
  const Assignment first = farm.only();
  const Verdict verdict = farm.fail(first, FailureClass::transient);
  EXPECT_EQ(verdict.failure, FailureClass::fetch_failed);
  EXPECT_EQ(verdict.retry_at, farm.now + seconds(1));
  farm.now += seconds(1);
  const Assignment second = farm.only();
  EXPECT_NE(second.machine, first.machine);
  EXPECT_EQ(farm.fail(second, FailureClass::transient).outcome, Outcome::failed);
}

TEST(SchedulerFetch, CountsItsOwnKindOfTriesOnly) {
  SchedFarm farm(Options{.faults_before_back_off = 99});
  farm.machine("a");
  farm.step("source", {}, {.fixed_output = true});
  for (int i = 0; i < 3; ++i) {
    farm.now = *farm.fail(farm.only(), FailureClass::machine_lost).retry_at;
  }
  const Verdict verdict = farm.fail(farm.only(), FailureClass::fetch_failed);
  EXPECT_EQ(verdict.outcome, Outcome::retry);
  farm.now = *verdict.retry_at;
  EXPECT_EQ(farm.fail(farm.only(), FailureClass::fetch_failed).outcome, Outcome::failed);
}

TEST(SchedulerFetch, IsNeverRemembered) {
  SchedFarm farm;
  farm.machine("a");
  farm.step("source", {}, {.fixed_output = true});
  const Verdict verdict = farm.fail(farm.only(), FailureClass::build_failed);
  EXPECT_EQ(verdict.outcome, Outcome::failed);
  EXPECT_FALSE(verdict.may_be_remembered);
}

TEST(SchedulerMachine, IsTakenOutAfterThreeFaultsInARow) {
  SchedFarm farm;
  const MachineId machine = farm.machine("m", 4);
  for (int i = 0; i < 4; ++i)
    farm.step("s");
  const auto running = farm.assignments();
  EXPECT_FALSE(farm.fail(running[0], FailureClass::machine_lost).machine_out_until);
  EXPECT_FALSE(farm.fail(running[1], FailureClass::machine_lost).machine_out_until);
  const auto until = farm.fail(running[2], FailureClass::disk_full).machine_out_until;
  ASSERT_TRUE(until);
  EXPECT_FALSE(farm.fail(running[3], FailureClass::machine_lost).machine_out_until) << "old news";
  EXPECT_EQ(farm.scheduler.machine(machine).standing(), Standing::backing_off);
  farm.now += seconds(5);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  farm.now = *until;
  farm.answer_probes();
  const Assignment trial = farm.only();
  farm.enter(trial, Phase::building);
  EXPECT_THAT(farm.assignments(), SizeIs(3)) << "it answers again";
  farm.succeed(trial);
  EXPECT_EQ(farm.scheduler.machine(machine).faults, 0U);
}

TEST(SchedulerMachine, AVerdictShowsThatItWorks) {
  SchedFarm farm;
  const MachineId machine = farm.machine("m", 4);
  for (int i = 0; i < 4; ++i)
    farm.step("s");
  const auto running = farm.assignments();
  farm.fail(running[0], FailureClass::machine_lost);
  farm.fail(running[1], FailureClass::machine_lost);
  farm.fail(running[2], FailureClass::build_failed);
  farm.fail(running[3], FailureClass::machine_lost);
  EXPECT_EQ(farm.scheduler.machine(machine).faults, 1U);
}

// Whatever it says of them: steps that fail on one machine and succeed on others are its fault.
TEST(SchedulerMachine, IsQuarantinedForWhatSucceedsElsewhere) {
  SchedFarm farm;
  const MachineId bad = farm.machine("bad", 1);
  farm.machine("good", 1);
  for (int i = 0; i < 3; ++i) {
    farm.step("s");
    const Assignment here = farm.only();
    EXPECT_EQ(here.machine, bad) << "the first of two that are equally free";
    EXPECT_TRUE(farm.fail(here, FailureClass::transient).goes_elsewhere);
    const Verdict verdict = farm.succeed(farm.only());
    ASSERT_EQ(verdict.quarantined.size(), i == 2 ? 1U : 0U);
    if (i < 2) continue;
    EXPECT_EQ(verdict.quarantined.front().first, bad);
    EXPECT_EQ(verdict.quarantined.front().second, farm.now + std::chrono::minutes(30));
  }
  EXPECT_EQ(farm.scheduler.machine(bad).standing(), Standing::backing_off);
  farm.now += std::chrono::minutes(30);
  farm.answer_probes();
  for (int i = 0; i < 3; ++i)
    farm.step("s");
  EXPECT_THAT(farm.assignments(), SizeIs(2)) << "it comes back on trial";
}

TEST(SchedulerMachine, OwnSuccessesEndTheSuspicion) {
  SchedFarm farm;
  const MachineId machine = farm.machine("a", 1);
  farm.machine("b", 1);
  for (int i = 0; i < 8; ++i) {
    farm.step("s");
    const Assignment here = farm.only();
    ASSERT_EQ(here.machine, machine);
    if (i % 2 == 0) {
      farm.succeed(here);
      continue;
    }
    farm.fail(here, FailureClass::transient);
    EXPECT_TRUE(farm.succeed(farm.only()).quarantined.empty());
  }
}

TEST(SchedulerRetry, ASilenceThatOnlyWeSawIsTriedOnceElsewhere) {
  SchedFarm farm;
  farm.machine("a");
  farm.machine("b");
  farm.step("s");
  const Assignment first = farm.only();
  const Verdict verdict = farm.fail(first, FailureClass::silent_by_our_clock);
  EXPECT_EQ(verdict.outcome, Outcome::retry);
  const Assignment second = farm.only();
  EXPECT_NE(second.machine, first.machine);
  EXPECT_EQ(farm.fail(second, FailureClass::silent_by_our_clock).outcome, Outcome::failed);
}

TEST(SchedulerMachine, FaultsOutsideAttemptsCountToo) {
  SchedFarm farm;
  const MachineId machine = farm.machine("m");
  EXPECT_FALSE(farm.scheduler.report_machine_fault(machine, farm.now));
  EXPECT_FALSE(farm.scheduler.report_machine_fault(machine, farm.now));
  const auto until = farm.scheduler.report_machine_fault(machine, farm.now);
  ASSERT_TRUE(until);
  EXPECT_EQ(farm.scheduler.next_wakeup(), until);
  EXPECT_FALSE(farm.scheduler.report_machine_fault(machine, farm.now)) << "it is out already";
}

TEST(SchedulerMachine, LosingTheLastOneAbortsWhatNeedsIt) {
  SchedFarm farm;
  farm.machine("plain");
  const MachineId special = farm.machine("special", 1, {"kvm"});
  const StepId running = farm.step("running", {}, {.features = {"kvm"}, .priority = 1});
  const StepId needy = farm.step("needy", {}, {.features = {"kvm"}});
  const StepId user = farm.step("user", {needy});
  const StepId needy_user = farm.step("needy user", {user}, {.features = {"kvm"}});
  const StepId unrelated = farm.step("unrelated");
  const auto started = farm.assignments();
  const Ended ended = farm.scheduler.set_machine_unusable(special, "unknown host key");
  EXPECT_THAT(ended.steps, ElementsAre(needy, needy_user));
  EXPECT_THAT(ended.fallen, ElementsAre(user));
  EXPECT_EQ(farm.why(needy), "was aborted: special: unknown host key");
  EXPECT_EQ(farm.state(running), StepState::running);
  EXPECT_EQ(farm.state(unrelated), StepState::running);
  EXPECT_EQ(farm.fail(started[0], FailureClass::machine_lost).outcome, Outcome::aborted);
  EXPECT_EQ(farm.why(running), "was aborted: machine lost, after 1 try");
}

TEST(SchedulerEnd, AFailureFellsAllThatDependOnIt) {
  SchedFarm farm;
  farm.machine("m", 2);
  const StepId bad = farm.step("bad");
  const StepId good = farm.step("good");
  const StepId both = farm.step("both", {bad, good});
  const StepId top = farm.step("top", {both});
  const StepId fine = farm.step("fine", {good});
  const auto running = farm.assignments();
  ASSERT_THAT(steps_of(running), ElementsAre(bad, good));
  EXPECT_THAT(farm.fail(running[0], FailureClass::build_failed).fallen, ElementsAre(both, top));
  farm.succeed(running[1]);
  EXPECT_EQ(farm.only().step, fine);
  EXPECT_EQ(farm.why(top), "can't be built: bad failed");
  EXPECT_EQ(farm.state(farm.step("late", {top})), StepState::dependency_failed);
}

TEST(SchedulerEnd, WithoutKeepGoingTheFirstFailureStopsDispatch) {
  SchedFarm farm(Options{.keep_going = false});
  farm.machine("m", 2);
  farm.step("bad", {}, {.priority = 1});
  farm.step("running");
  const StepId waiting = farm.step("waiting");
  const auto running = farm.assignments();
  farm.fail(running[0], FailureClass::timed_out);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  EXPECT_FALSE(farm.scheduler.is_settled());
  farm.succeed(running[1]);
  EXPECT_THAT(farm.assignments(), IsEmpty());
  EXPECT_TRUE(farm.scheduler.is_settled());
  EXPECT_EQ(farm.why(waiting), "is not started: a build failed, and keep-going is off");
}

TEST(SchedulerEnd, InfrastructureDoesNotStopDispatch) {
  SchedFarm farm(Options{.keep_going = false});
  farm.machine("m", 2);
  farm.step("s");
  farm.fail(farm.only(), FailureClass::machine_lost);
  farm.step("other");
  EXPECT_THAT(farm.assignments(), SizeIs(1));
}

TEST(SchedulerCancel, EndsAStepAndItsDependents) {
  SchedFarm farm;
  farm.machine("m");
  const StepId base = farm.step("base");
  const StepId top = farm.step("top", {base});
  const Ended ended = farm.scheduler.cancel(base);
  EXPECT_THAT(ended.steps, ElementsAre(base));
  EXPECT_THAT(ended.fallen, ElementsAre(top));
  EXPECT_THAT(ended.to_stop, IsEmpty());
  EXPECT_EQ(farm.scheduler.counts(), (Counts{.cancelled = 2}));
  EXPECT_EQ(farm.why(top), "was cancelled with base");
  EXPECT_THAT(farm.scheduler.cancel(base).steps, IsEmpty());
}

TEST(SchedulerCancel, ARunningStepHoldsItsSlotUntilItsAttemptEnds) {
  SchedFarm farm;
  farm.machine("m");
  const StepId base = farm.step("base");
  const StepId top = farm.step("top", {base});
  const StepId next = farm.step("next");
  const Assignment running = farm.only();
  const Ended ended = farm.scheduler.cancel(base);
  EXPECT_THAT(ended.to_stop, ElementsAre(running.attempt));
  EXPECT_THAT(ended.fallen, ElementsAre(top));
  EXPECT_THAT(farm.assignments(), IsEmpty());
  EXPECT_EQ(farm.fail(running, FailureClass::machine_lost).outcome, Outcome::cancelled)
      << "whatever its end is called";
  EXPECT_EQ(farm.only().step, next);
}

TEST(SchedulerCancel, SuccessMayBeFaster) {
  SchedFarm farm;
  farm.machine("m");
  const StepId base = farm.step("base");
  const Assignment running = farm.only();
  farm.scheduler.cancel(base);
  farm.succeed(running);
  EXPECT_EQ(farm.state(base), StepState::succeeded);
}

TEST(SchedulerCancel, ForgetsARetry) {
  SchedFarm farm;
  farm.machine("m");
  const StepId step = farm.step("s");
  farm.fail(farm.only(), FailureClass::machine_lost);
  farm.scheduler.cancel(step);
  EXPECT_EQ(farm.scheduler.next_wakeup(), std::nullopt);
  EXPECT_TRUE(farm.scheduler.is_settled());
}

TEST(SchedulerAbort, GivesUpAStepWithItsReason) {
  SchedFarm farm;
  const StepId mac = farm.step("mac", {}, {.system = "aarch64-darwin"});
  const StepId top = farm.step("top", {mac});
  const Ended ended = farm.scheduler.abort(mac, "no machine for two minutes");
  EXPECT_THAT(ended.steps, ElementsAre(mac));
  EXPECT_THAT(ended.fallen, ElementsAre(top));
  EXPECT_EQ(farm.why(mac), "was aborted: no machine for two minutes");
  EXPECT_EQ(farm.why(top), "can't be built: mac aborted");
}

}  // namespace
}  // namespace firn::sched
