// SPDX-License-Identifier: Apache-2.0
// Which step goes first, and where it goes.
#include "sched/scheduler.h"

#include "base/error.h"
#include "support/sched_farm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Scheduler, BuildsDependenciesFirst) {
  SchedFarm farm;
  farm.machine("m", 4);
  const StepId base = farm.step("base");
  const StepId middle = farm.step("middle", {base});
  const StepId top = farm.step("top", {base, middle});
  for (const StepId expected : {base, middle, top}) {
    const Assignment assignment = farm.only();
    EXPECT_EQ(assignment.step, expected);
    farm.succeed(assignment);
  }
  EXPECT_TRUE(farm.scheduler.is_settled());
  EXPECT_EQ(farm.scheduler.counts(), (Counts{.succeeded = 3}));
}

TEST(Scheduler, IgnoresDependenciesThatAreDone) {
  SchedFarm farm;
  farm.machine("m");
  const StepId base = farm.step("base");
  farm.scheduler.complete_without_build(base);
  const StepId top = farm.step("top", {base, base});
  EXPECT_EQ(farm.only().step, top);
}

TEST(Scheduler, CompletingAWaitingStepReleasesItsDependents) {
  SchedFarm farm;
  farm.machine("m", 4);
  const StepId base = farm.step("base");
  const StepId middle = farm.step("middle", {base});
  const StepId top = farm.step("top", {middle});
  farm.scheduler.complete_without_build(middle);
  EXPECT_THAT(steps_of(farm.assignments()), testing::UnorderedElementsAre(base, top));
}

TEST(Scheduler, OrdersByPriorityThenDependentsThenAge) {
  SchedFarm farm;
  farm.machine("m", 9);
  const StepId old = farm.step("old");
  const StepId young = farm.step("young");
  const StepId wanted = farm.step("wanted");
  const StepId urgent = farm.step("urgent", {}, {.priority = 5});
  const StepId idle = farm.step("idle", {}, {.priority = -1});
  farm.step("user", {wanted});
  EXPECT_THAT(steps_of(farm.assignments()), ElementsAre(urgent, wanted, old, young, idle));
}

TEST(Scheduler, StartsNoMoreThanTheSlotsAllow) {
  SchedFarm farm;
  farm.machine("m", 2);
  for (int i = 0; i < 3; ++i)
    farm.step("s");
  const auto first = farm.assignments();
  EXPECT_THAT(first, SizeIs(2));
  EXPECT_THAT(farm.assignments(), IsEmpty());
  farm.succeed(first[0]);
  EXPECT_THAT(farm.assignments(), SizeIs(1));
}

TEST(Scheduler, ServesTheMostConstrainedStepFirst) {
  SchedFarm farm;
  farm.machine("busy");
  farm.step("running");
  farm.only();
  const MachineId special = farm.machine("special", 1, {"kvm"});
  const StepId plain = farm.step("plain");
  const StepId needy = farm.step("needy", {}, {.features = {"kvm"}});
  EXPECT_THAT(farm.assignments(),
              ElementsAre(testing::AllOf(testing::Field(&Assignment::step, needy),
                                         testing::Field(&Assignment::machine, special))));
  EXPECT_EQ(farm.state(plain), StepState::ready);
}

TEST(Scheduler, LetsPriorityOverruleConstraints) {
  SchedFarm farm;
  farm.machine("special", 1, {"kvm"});
  farm.step("needy", {}, {.features = {"kvm"}});
  const StepId urgent = farm.step("urgent", {}, {.priority = 1});
  EXPECT_EQ(farm.only().step, urgent);
}

TEST(Scheduler, KeepsTheOnlySpecialSlotForThoseThatNeedIt) {
  SchedFarm farm;
  const MachineId special = farm.machine("special", 1, {"kvm"});
  const MachineId ordinary = farm.machine("ordinary", 1);
  farm.step("plain", {}, {.priority = 1});
  farm.step("needy", {}, {.features = {"kvm"}});
  EXPECT_THAT(machines_of(farm.assignments()), ElementsAre(ordinary, special));
}

TEST(Scheduler, OneBacklogDoesNotStandInAnothersWay) {
  SchedFarm farm;
  farm.machine("m", 1);
  for (int i = 0; i < 5; ++i)
    farm.step("mac", {}, {.priority = 9, .system = "aarch64-darwin"});
  const StepId possible = farm.step("possible");
  EXPECT_EQ(farm.only().step, possible);
}

struct PlacementCase {
  Placement placement;
  std::vector<std::string> machines;
};

TEST(Scheduler, PlacesLocalSteps) {
  const PlacementCase cases[] = {
      {Placement::anywhere, {"remote", "local"}},
      {Placement::prefer_local, {"local", "remote"}},
      {Placement::local_only, {"local"}},
  };
  for (const PlacementCase& c : cases) {
    SchedFarm farm;
    farm.machine("remote");
    farm.scheduler.add_machine({.name = "local",
                                .systems = {std::string(kLinux)},
                                .supported_features = {"kvm"},
                                .is_local = true});
    for (int i = 0; i < 3; ++i)
      farm.step("s", {}, {.placement = c.placement});
    std::vector<std::string> names;
    for (const MachineId machine : machines_of(farm.assignments())) {
      names.push_back(farm.scheduler.machine(machine).name);
    }
    EXPECT_EQ(names, c.machines);
  }
}

TEST(Scheduler, RunsBuiltinStepsAnywhere) {
  SchedFarm farm;
  farm.machine("m");
  const StepId fetch = farm.step("fetch", {}, {.system = "builtin"});
  EXPECT_EQ(farm.only().step, fetch);
}

TEST(Scheduler, GivesNoWorkToADisabledMachine) {
  SchedFarm farm;
  const MachineId machine = farm.machine("m", 2);
  farm.step("a");
  const Assignment running = farm.only();
  farm.scheduler.set_machine_enabled(machine, false);
  farm.step("b");
  EXPECT_THAT(farm.assignments(), IsEmpty());
  EXPECT_EQ(farm.succeed(running).outcome, Verdict::Outcome::succeeded);
  farm.scheduler.set_machine_enabled(machine, true);
  EXPECT_THAT(farm.assignments(), SizeIs(1));
}

TEST(Scheduler, StartsNothingWhilePaused) {
  SchedFarm farm;
  farm.machine("m", 2);
  farm.step("a");
  const Assignment running = farm.only();
  farm.enter(running, Phase::building);
  farm.enter(running, Phase::waiting_for_transfer_slot);
  farm.step("b");
  farm.scheduler.pause(Pauser::farm, "the destination is down");
  EXPECT_THAT(farm.dispatch().transfers, IsEmpty());
  EXPECT_THAT(farm.assignments(), IsEmpty());
  farm.scheduler.resume(Pauser::farm);
  const Decisions decisions = farm.dispatch();
  EXPECT_THAT(decisions.transfers, ElementsAre(running.attempt));
  EXPECT_THAT(decisions.assignments, SizeIs(1));
}

TEST(Scheduler, BringsOutputsBackWhileItsOwnerHasItPaused) {
  SchedFarm farm;
  farm.machine("m", 2);
  farm.step("a");
  const Assignment running = farm.only();
  farm.enter(running, Phase::building);
  farm.enter(running, Phase::waiting_for_transfer_slot);
  farm.step("b");
  farm.scheduler.pause(Pauser::owner, "firn is stopping");
  const Decisions decisions = farm.dispatch();
  EXPECT_THAT(decisions.transfers, ElementsAre(running.attempt));
  EXPECT_THAT(decisions.assignments, IsEmpty());
}

TEST(Scheduler, NoMachineHasMoreThanTwiceItsMaxJobsOfSteps) {
  SchedFarm farm(Options{.max_transfers = 1});
  const MachineId machine = farm.machine("m", 2);
  for (int i = 0; i < 9; ++i)
    farm.step("s");
  std::vector<AttemptId> finished;
  for (int i = 0; i < 5; ++i) {
    const Decisions decisions = farm.dispatch();
    if (i < 1) {
      EXPECT_FALSE(decisions.assignments.empty()) << "finished steps give their slots back";
    }
    for (const Assignment& assignment : decisions.assignments) {
      farm.enter(assignment, Phase::waiting_for_transfer_slot);
      finished.push_back(assignment.attempt);
    }
  }
  // One receives and one waits without a slot, two more keep theirs.
  EXPECT_THAT(finished, SizeIs(4));
  EXPECT_EQ(farm.scheduler.machine(machine).standing(), Standing::needs_transfer);
  farm.scheduler.attempt_succeeded(finished[0], farm.now);
  const Decisions decisions = farm.dispatch();
  EXPECT_THAT(decisions.transfers, ElementsAre(finished[1]));
  EXPECT_THAT(decisions.assignments, SizeIs(1)) << "a slot is free once outputs are back";
}

TEST(Scheduler, LetsOutputsThroughInTheOrderOfFinishing) {
  SchedFarm farm(Options{.max_transfers = 1});
  farm.machine("m", 3);
  for (int i = 0; i < 3; ++i)
    farm.step("s");
  const auto running = farm.assignments();
  for (const std::size_t i : {2U, 0U, 1U})
    farm.enter(running[i], Phase::waiting_for_transfer_slot);
  for (const std::size_t i : {2U, 0U, 1U}) {
    EXPECT_THAT(farm.dispatch().transfers, ElementsAre(running[i].attempt));
    farm.enter(running[i], Phase::publishing);
    EXPECT_THAT(farm.dispatch().transfers, IsEmpty()) << "publishing still holds the slot";
    farm.succeed(running[i]);
  }
}

TEST(Scheduler, PublishesWithoutATransferWhereNothingIsReceived) {
  SchedFarm farm;
  const MachineId machine = farm.machine("m", 1);
  farm.step("a");
  farm.step("b");
  const Assignment first = farm.only();
  farm.enter(first, Phase::publishing);
  EXPECT_EQ(farm.scheduler.machine(machine).occupied(), 0U);
  EXPECT_EQ(farm.only().try_number, 1U);
  farm.succeed(first);
}

TEST(Scheduler, RefusesReportsThatCannotBe) {
  SchedFarm farm;
  farm.machine("m");
  const StepId step = farm.step("s");
  const Assignment running = farm.only();
  farm.enter(running, Phase::building);
  EXPECT_THROW(farm.enter(running, Phase::connecting), Bug) << "backwards";
  EXPECT_THROW(farm.enter(running, Phase::receiving_outputs), Bug) << "without a transfer slot";
  EXPECT_THROW(farm.scheduler.complete_without_build(step), Bug) << "while it runs";
  farm.succeed(running);
  EXPECT_THROW(farm.succeed(running), Bug) << "twice";
  EXPECT_THROW(farm.fail(running, FailureClass::machine_lost), Bug) << "after its end";
  EXPECT_THROW(farm.step("t", {StepId(77)}), Bug) << "unknown dependency";
  EXPECT_THROW(farm.fail(Assignment(), FailureClass::machine_lost), Bug) << "no attempt at all";
}

TEST(Scheduler, FindsTheStepsThatNoMachineCanDo) {
  SchedFarm farm;
  const StepId mac = farm.step("mac", {}, {.system = "aarch64-darwin"});
  const StepId top = farm.step("top", {mac});
  const StepId kvm = farm.step("kvm", {top}, {.features = {"kvm"}});
  EXPECT_THAT(farm.scheduler.unsupported_steps(), ElementsAre(mac, top, kvm));
  farm.machine("m");
  EXPECT_THAT(farm.scheduler.unsupported_steps(), ElementsAre(mac, kvm));
  farm.machine("n", 1, {"kvm"});
  EXPECT_THAT(farm.scheduler.unsupported_steps(), ElementsAre(mac));
}

}  // namespace
}  // namespace firn::sched
