// SPDX-License-Identifier: Apache-2.0
#include "farm/run.h"
#include "support/farm_run.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::machine_of;

/// b1 builds one step, and the machines change before it is done.
class RunMachinesTest : public testing::FarmRunTest {
 public:
  RunMachinesTest() {
    machines.pop_back();
    b1.build = [this](auto& server, auto& session, const auto& request) {
      return build_and_change(server, session, request);
    };
  }

  /// What the machines file says while the first step is being built.
  std::vector<std::string> lines;
  /// What happens after that, and before the step is done.
  std::function<void()> then = [] {};

  std::vector<std::string> added() const {
    std::vector<std::string> names;
    for (const auto& event : events.of<MachineAdded>())
      names.push_back(event.machine.name);
    return names;
  }

  void change() {
    std::vector<nix::Machine> now;
    now.reserve(lines.size());
    for (const auto& line : lines)
      now.push_back(machine_of(line));
    run->run().change_machines(now, [this](const nix::Machine& machine) {
      return ReachedMachine{
          .machine = machine,
          .connector = name_of(machine) == "ssh://b1" ? b1.connector() : b2.connector()};
    });
  }

 private:
  aio::Task<nix::BuildResult> build_and_change(testing::ScriptedServer& server,
                                               testing::ScriptedSession& session,
                                               const wire::BuildDerivation& request) {
    if (!std::exchange(has_changed_, true)) {
      change();
      co_await aio::sleep_for(loop, 5s);
      then();
    }
    co_return co_await testing::ScriptedServer::build_everything(server, session, request);
  }

  bool has_changed_ = false;
};

TEST_F(RunMachinesTest, ANewOneTakesWorkAtOnce) {
  lines = {machines[0].line, "ssh://b2 x86_64-linux - 4"};
  for (const char* name : {"a", "b", "c", "d"})
    add({.name = name});
  EXPECT_EQ(build({"a", "b", "c", "d"}).succeeded, 4U);
  EXPECT_THAT(added(), ElementsAre("ssh://b2"));
  EXPECT_EQ(b1.builds.size() + b2.builds.size(), 4U);
  EXPECT_GE(b2.builds.size(), 1U);
  EXPECT_TRUE(events.of<MachineOut>().empty());
}

TEST_F(RunMachinesTest, OneThatIsGoneEndsWhatItRuns) {
  machines[0].line = "ssh://b1 x86_64-linux - 1";
  lines = {"ssh://b2 x86_64-linux - 1"};
  add({.name = "a"});
  add({.name = "b"});
  EXPECT_EQ(build({"a", "b"}).succeeded, 2U);
  EXPECT_TRUE(failures().empty());
  EXPECT_EQ(b1.builds.size(), 1U);
  EXPECT_EQ(b2.builds.size(), 1U);
  const auto out = events.of<MachineOut>();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].reason, "it is no longer in the machines file");
}

TEST_F(RunMachinesTest, OneThatHasChangedIsReplaced) {
  machines[0].line = "ssh://b1 x86_64-linux - 1";
  lines = {"ssh://b1 x86_64-linux - 3"};
  for (const char* name : {"a", "b", "c"})
    add({.name = name});
  EXPECT_EQ(build({"a", "b", "c"}).succeeded, 3U);
  EXPECT_THAT(added(), ElementsAre("ssh://b1"));
  EXPECT_EQ(events.of<MachineAdded>()[0].machine.max_jobs, 3U);
  EXPECT_EQ(events.of<MachineOut>()[0].reason, "its line in the machines file has changed");
  EXPECT_EQ(b1.builds.size(), 3U);
}

TEST_F(RunMachinesTest, AStepWaitsForAFeatureThatHasLeftAndStartsWhenItIsBack) {
  machines[0].line = "ssh://b1 x86_64-linux - 1 1 kvm";
  lines = {"ssh://b1 x86_64-linux - 1"};
  then = [this] {
    EXPECT_EQ(b2.builds.size(), 0U);
    lines.emplace_back("ssh://b2 x86_64-linux - 1 1 kvm");
    change();
  };
  add({.name = "a", .features = "kvm"});
  add({.name = "b", .features = "kvm"});
  EXPECT_EQ(build({"a", "b"}).succeeded, 2U);
  EXPECT_EQ(b1.builds.size(), 1U);
  EXPECT_EQ(b2.builds.size(), 1U);
}

TEST_F(RunMachinesTest, ButItDoesNotWaitForEver) {
  machines[0].line = "ssh://b1 x86_64-linux - 1 1 kvm";
  lines = {"ssh://b1 x86_64-linux - 1"};
  options.limits.machine_return = 1min;
  add({.name = "a", .features = "kvm"});
  add({.name = "b", .features = "kvm"});
  const auto counts = build({"a", "b"});
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(counts.aborted, 1U);
  const auto ended = events.of<StepsEnded>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_THAT(ended[0].reason, HasSubstr("ssh://b1: its line in the machines file has changed"));
  EXPECT_GE(ended[0].at - events.of<MachineOut>()[0].at, 1min);
}

TEST_F(RunMachinesTest, WhatCannotBeReachedChangesNothing) {
  add({.name = "a"});
  add({.name = "b"});
  b1.build = [this](auto& server, auto& session, const auto& request) {
    const std::vector<nix::Machine> now = {machine_of("ssh://b2")};
    EXPECT_THROW(run->run().change_machines(now,
                                            [](const nix::Machine& machine) -> ReachedMachine {
                                              throw Error(Kind::invalid, name_of(machine));
                                            }),
                 Error);
    return testing::ScriptedServer::build_everything(server, session, request);
  };
  EXPECT_EQ(build({"a", "b"}).succeeded, 2U);
  EXPECT_TRUE(added().empty());
  EXPECT_TRUE(events.of<MachineOut>().empty());
}

}  // namespace
}  // namespace firn::farm
