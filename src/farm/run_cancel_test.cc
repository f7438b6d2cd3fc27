// SPDX-License-Identifier: Apache-2.0
// A run, or one step of it, that nobody wants any more.
#include "farm/run.h"
#include "support/farm_run.h"

#include <algorithm>
#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using sched::FailureClass;
using testing::drv_path;
using testing::output_of;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;

class RunCancelTest : public testing::FarmRunTest {
 public:
  void build_everywhere(const ScriptedServer::Build& how) { b1.build = b2.build = how; }
};

TEST_F(RunCancelTest, InterruptedItLeavesNothingBehind) {
  build_everywhere([this](auto& server, auto& session, const auto& request) {
    if (b1.builds.size() + b2.builds.size() == 3) run->run().interrupt();
    return testing::never_finish(server, session, request);
  });
  for (const char* name : {"a", "b", "c"})
    add({.name = name});
  build({"a", "b", "c"});
  EXPECT_EQ(failures(), std::vector(3, FailureClass::cancelled));
  EXPECT_TRUE(events.of<RunEnded>().at(0).interrupted);
  EXPECT_TRUE(store.added.empty());
  EXPECT_TRUE(b1.connector_closed);
}

TEST_F(RunCancelTest, InterruptedInAnyPhaseItIsCancelledAndNothingIsRegistered) {
  using sched::Phase;
  for (const Phase phase : {Phase::sending_inputs,
                            Phase::building,
                            Phase::waiting_for_transfer_slot,
                            Phase::receiving_outputs,
                            Phase::publishing}) {
    const auto name = "in-phase-" + std::to_string(static_cast<int>(phase));
    const auto source = store_path("source-of-" + name);
    store.hold(stored(source, testing::nar_of("source")));
    add({.name = name, .sources = {source}});
    events.clear();
    events.told = [&](const Event& event) {
      const auto* entered = std::get_if<PhaseEntered>(&event);
      if (entered != nullptr && entered->phase == phase) run->run().interrupt();
    };
    const auto counts = build({name});
    EXPECT_EQ(counts.failed + counts.aborted, 0U) << name;
    for (const auto failure : failures())
      EXPECT_EQ(failure, FailureClass::cancelled) << name;
    // What is on its way may still arrive whole.
    EXPECT_TRUE(phase >= Phase::receiving_outputs || !has(output_of(name))) << name;
    EXPECT_TRUE(events.of<RunEnded>().at(0).interrupted);
  }
}

TEST_F(RunCancelTest, AStepThatIsCancelledTakesDownItsDependentsAndNobodyElse) {
  build_everywhere([](auto& server, auto& session, const auto& request) {
    return request.drv_path == drv_path("unwanted")
               ? testing::never_finish(server, session, request)
               : ScriptedServer::build_everything(server, session, request);
  });
  add({.name = "unwanted"});
  add({.name = "above", .inputs = {{"unwanted", {"out"}}}});
  add({.name = "wanted"});
  const auto step_of = [this](const nix::DrvPath& drv) {
    const auto& nodes = run->graph().nodes;
    const auto place = std::ranges::find(nodes, drv, &GraphNode::drv) - nodes.begin();
    return sched::StepId(static_cast<std::uint32_t>(place));
  };
  events.told = [&](const Event& event) {
    const auto* entered = std::get_if<PhaseEntered>(&event);
    if (entered == nullptr || entered->phase != sched::Phase::building) return;
    run->run().cancel(step_of(drv_path("unwanted")));
  };
  const auto counts = build({"above", "wanted"});
  EXPECT_EQ(counts.cancelled, 2U);
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(failures(), std::vector{FailureClass::cancelled});
  EXPECT_EQ(events.of<StepsEnded>().at(0).state, sched::StepState::cancelled);
  EXPECT_FALSE(events.of<RunEnded>().at(0).interrupted);
  EXPECT_TRUE(events.of<MachineOut>().empty());
}

}  // namespace
}  // namespace firn::farm
