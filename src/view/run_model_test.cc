// SPDX-License-Identifier: Apache-2.0
#include "view/run_model.h"

#include "support/sample_run.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::view {
namespace {

using ::testing::ElementsAre;
using namespace firn::testing;
using namespace std::chrono_literals;
using sched::FailureClass;
using Outcome = sched::Verdict::Outcome;

RunModel told(const std::vector<farm::Event>& events) {
  RunModel model;
  for (const auto& event : events)
    model.on(event);
  return model;
}

std::vector<std::string> numbered(const std::string& name, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i)
    names.push_back(name + std::to_string(i));
  return names;
}

TEST(RunModel, CountsStepsByState) {
  auto failed =
      not_built({.step = 1}, Outcome::failed, FailureClass::build_failed, "exit code 1", 30);
  failed.verdict.fallen = step_ids({3});
  const RunModel model =
      told({plan_made({"ssh://b1"}, 2, numbered("s", 8)),
            started({.step = 0}, 10),
            started({.step = 1}, 10),
            built({.step = 0}, 20),
            failed,
            started({.step = 2}, 40),
            not_built({.step = 2}, Outcome::retry, FailureClass::machine_lost, "gone", 50),
            started({.step = 4}, 60),
            steps_ended({5}, sched::StepState::cancelled, "asked to", 70),
            steps_ended({6}, sched::StepState::aborted, "no machine", 70)});
  const StepTally& steps = model.steps();
  EXPECT_EQ(steps.total, 8U);
  EXPECT_EQ(steps.built, 1U);
  EXPECT_EQ(steps.failed, 2U);
  EXPECT_EQ(steps.fallen, 1U);
  EXPECT_EQ(steps.cancelled, 1U);
  EXPECT_EQ(steps.running, 1U);
  EXPECT_EQ(steps.waiting(), 2U);
  EXPECT_EQ(model.machines().front().built, 1U);
  EXPECT_EQ(model.machines().front().failed, 2U);
}

TEST(RunModel, NamesMachinesShortlyWhileThatIsTelling) {
  const RunModel model = told({plan_made(
      {"ssh://root@b1:2222?ssh-key=/k", "ssh://joe@b2", "ssh://jim@b2", "localhost", "ssh://"},
      1,
      {})});
  std::vector<std::string> names;
  for (const auto& machine : model.machines())
    names.push_back(machine.short_name);
  EXPECT_THAT(names, ElementsAre("b1:2222", "ssh://joe@b2", "ssh://jim@b2", "localhost", "ssh://"));
}

TEST(RunModel, GivesAStepTheFirstFreeSlotForItsLife) {
  RunModel model = told({plan_made({"b1"}, 2, numbered("s", 4)),
                         started({.step = 0}, 0),
                         started({.step = 1}, 0),
                         built({.step = 0}, 10),
                         started({.step = 2}, 20)});
  const auto slots = [&] {
    std::vector<std::uint64_t> ids;
    for (const Slot& slot : model.machines().front().slots)
      ids.push_back(slot.attempt ? slot.attempt->value() : 99);
    return ids;
  };
  EXPECT_THAT(slots(), ElementsAre(2, 1));
  model.on(built({.step = 2}, 30));
  EXPECT_THAT(slots(), ElementsAre(99, 1));
  EXPECT_EQ(model.machines().front().slots.front().free_since, run_time(30));
}

TEST(RunModel, CountsBytesOnceWhetherToldEarlyOrAtTheEnd) {
  const RunModel model = told({plan_made({"b1"}, 2, numbered("s", 2)),
                               started({.step = 0}, 0),
                               moved({.step = 0}, 600, 0, 10),
                               moved({.step = 0}, 1000, 50, 20),
                               built({.step = 0}, 30, 1000, 70),
                               started({.step = 1}, 40),
                               built({.step = 1}, 50, 5, 7)});
  EXPECT_EQ(model.traffic(), (Traffic{.sent = ByteCount(1005), .received = ByteCount(77)}));
  EXPECT_EQ(model.machines().front().traffic, model.traffic());
  EXPECT_EQ(model.last_ended().traffic, (Traffic{.sent = ByteCount(5), .received = ByteCount(7)}));
}

TEST(RunModel, RanksTheSlowestSteps) {
  RunModel model = told({plan_made({"b1"}, 9, numbered("s", 9))});
  for (std::uint32_t i = 0; i < 9; ++i)
    model.on(started({.step = i}, 0));
  for (const std::uint32_t i : {3U, 8U, 1U, 5U, 0U, 7U, 2U, 6U, 4U})
    model.on(built({.step = i}, 10 + 100 * i));
  std::vector<std::uint64_t> steps;
  for (const SlowStep& step : model.slowest())
    steps.push_back(step.step.value());
  EXPECT_THAT(steps, ElementsAre(8, 7, 6, 5, 4));
  EXPECT_EQ(model.slowest().front().time, 810ms);
}

TEST(RunModel, KeepsWhatIsWorthReadingOfFailures) {
  RunModel model = told({plan_made({"b1"}, 1, numbered("s", 1000))});
  for (std::uint32_t i = 0; i < 300; ++i) {
    auto event = not_built({.step = i}, Outcome::failed, FailureClass::build_failed, "no", 10);
    event.log_tail = {"last words"};
    model.on(started({.step = i}, 0));
    model.on(event);
  }
  EXPECT_EQ(model.steps().failed, 300U);
  EXPECT_EQ(model.failures().size(), kKeptFailures);
  EXPECT_EQ(model.failures()[kKeptLogTails - 1].log_tail.size(), 1U);
  EXPECT_TRUE(model.failures()[kKeptLogTails].log_tail.empty());
}

TEST(RunModel, GroupsGivenUpStepsByReason) {
  const RunModel model =
      told({plan_made({"b1"}, 1, numbered("s", 12)),
            steps_ended({0, 1}, sched::StepState::aborted, "no machine has kvm", 0),
            steps_ended({2, 3}, sched::StepState::dependency_failed, "no machine has kvm", 0),
            steps_ended({4}, sched::StepState::aborted, "no machine for riscv64-linux", 0),
            steps_ended({5, 6}, sched::StepState::aborted, "no machine has kvm", 0)});
  ASSERT_EQ(model.given_up().size(), 2U);
  const GivenUpSteps& kvm = model.given_up().front();
  EXPECT_EQ(kvm.count, 4U);
  EXPECT_EQ(kvm.fallen, 2U);
  EXPECT_EQ(kvm.sample, step_ids({0, 1, 5}));
}

TEST(RunModel, ForgetsThatAMachineWasOutOnceItWorksAgain) {
  RunModel model = told({plan_made({"b1"}, 1, {"a"}),
                         farm::MachineOut{.machine = sched::MachineId(0),
                                          .reason = "disk full",
                                          .until = run_time(5000),
                                          .at = run_time(0)}});
  EXPECT_TRUE(model.machines().front().is_out(run_time(4999)));
  EXPECT_FALSE(model.machines().front().is_out(run_time(5000)));
  model.on(started({.step = 0}, 100));
  EXPECT_FALSE(model.machines().front().is_out(run_time(200)));
}

TEST(RunModel, KnowsMachinesThatComeLater) {
  RunModel model = told({plan_made({"ssh://b1"}, 1, {"a"})});
  const auto add = [&](std::uint32_t id, std::string name) {
    model.on(farm::MachineAdded{
        .machine = {.id = sched::MachineId(id), .name = std::move(name), .max_jobs = 3},
        .at = run_time(1)});
    return model.machine(sched::MachineId(id)).short_name;
  };
  EXPECT_EQ(add(1, "ssh://b2"), "b2");
  EXPECT_EQ(add(2, "ssh://b1"), "b1");
  EXPECT_EQ(add(3, "ssh://root@b1"), "ssh://root@b1");
  EXPECT_EQ(model.machine(sched::MachineId(3)).max_jobs, 3U);
}

TEST(RunModel, BearsWithWhatItWasNotToldOf) {
  RunModel model = told({built({.step = 7, .machine = 3}, 5),
                         entered({.step = 7}, sched::Phase::building, 5),
                         moved({.step = 7}, 1, 1, 5),
                         plan_made({"b1"}, 1, {"a"}),
                         started({.step = 7, .machine = 3}, 6),
                         steps_ended({9, 0xffffffffU}, sched::StepState::cancelled, "", 7)});
  EXPECT_EQ(model.step_name(sched::StepId(7)), "unknown step");
  EXPECT_EQ(model.machine(sched::MachineId(3)).short_name, "unknown machine");
  EXPECT_EQ(model.steps().waiting(), 1U);
}

TEST(RunModel, MeasuresFromThePlanToTheEnd) {
  RunModel model;
  EXPECT_EQ(model.elapsed(run_time(5)), 0ms);
  model.on(plan_made({"b1"}, 1, {"a"}));
  EXPECT_EQ(model.elapsed(run_time(500)), 500ms);
  model.on(run_ended(700));
  EXPECT_EQ(model.elapsed(run_time(900)), 700ms);
}

}  // namespace
}  // namespace firn::view
