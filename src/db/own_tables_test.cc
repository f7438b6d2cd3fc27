// SPDX-License-Identifier: Apache-2.0
// Jobsets, the status, and what firn keeps for itself.
#include "db/attempts.h"
#include "db/jobsets.h"
#include "db/machine_states.h"
#include "db/steps.h"
#include "db/system_status.h"
#include "support/queue_rows.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::at;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OwnTablesTest : public firn::testing::QueueTest {};

TEST_F(OwnTablesTest, KeepTheSharesOfJobsets) {
  add("a");
  connection().execute("update Jobsets set schedulingShares = 7");
  const auto shares = in_transaction([](Transaction& tx) { return jobset_shares(tx); });
  ASSERT_THAT(shares, SizeIs(1));
  EXPECT_EQ(shares[0].project, "p");
  EXPECT_EQ(shares[0].name, "j");
  EXPECT_EQ(shares[0].shares, 7);
}

TEST_F(OwnTablesTest, KeepTheStatus) {
  const auto find = [&] {
    return in_transaction([](Transaction& tx) { return find_system_status(tx, "queue-runner"); });
  };
  EXPECT_EQ(find(), std::nullopt);
  for (const auto* const json : {R"({"status":"up","n":1})", R"({"status":"up","n":2})"}) {
    in_transaction([&](Transaction& tx) { set_system_status(tx, "queue-runner", json); });
    EXPECT_EQ(find(), json);
  }
  in_transaction([](Transaction& tx) { delete_system_status(tx, "queue-runner"); });
  EXPECT_EQ(find(), std::nullopt);
}

TEST_F(OwnTablesTest, KeepTheAttemptsOfADerivation) {
  const auto build = add("a");
  const NewStep step{.build = build,
                     .drv_path = "/nix/store/a.drv",
                     .system = "x86_64-linux",
                     .start = at(5),
                     .status = {},
                     .stop = {},
                     .propagated_from = {}};
  in_transaction([&](Transaction& tx) {
    for (const auto number : create_steps(tx, std::vector<NewStep>(3, step)))
      add_attempt(tx,
                  {.build = build,
                   .step = number,
                   .failure_class = "machine-lost",
                   .machine = "ssh://b1",
                   .start = at(5),
                   .stop = at(10 * number.value()),
                   .message = "gone"});
  });
  const auto attempts =
      in_transaction([](Transaction& tx) { return attempts_of(tx, "/nix/store/a.drv", at(10)); });
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[0].step, StepNr(2));
  EXPECT_EQ(attempts[1].stop, at(30));
  EXPECT_EQ(attempts[1].failure_class, "machine-lost");
  EXPECT_EQ(attempts[1].message, "gone");
}

TEST_F(OwnTablesTest, KeepHowLongBuildsTake) {
  for (const double seconds : {10.0, 20.0, 30.0, 40.0, 60.0})
    in_transaction([&](Transaction& tx) { add_duration(tx, "a", "x86_64-linux", seconds); });
  const auto durations = in_transaction([](Transaction& tx) { return expected_durations(tx); });
  ASSERT_THAT(durations, SizeIs(1));
  EXPECT_EQ(durations[0].samples, 5);
  EXPECT_DOUBLE_EQ(durations[0].seconds, 20 + 20 / 4.0 + (60 - 25) / 4.0);
}

TEST_F(OwnTablesTest, KeepWhatWasDecidedAboutMachines) {
  const auto decide = [&](const MachineDecision& decision) {
    in_transaction([&](Transaction& tx) { set_machine_state(tx, decision); });
  };
  const auto names = [&] {
    std::vector<std::string> result;
    for (const auto& decision : in_transaction([](Transaction& tx) { return machine_states(tx); }))
      result.push_back(decision.name +
                       (decision.state == MachineState::draining ? " draining " : " disabled ") +
                       decision.reason + (decision.until == at(99) ? " until 99" : ""));
    return result;
  };
  decide({.name = "b1", .state = MachineState::disabled, .reason = "fan", .until = at(99)});
  decide({.name = "b2", .state = MachineState::disabled, .until = {}});
  decide({.name = "b2", .state = MachineState::draining, .reason = "move", .until = {}});
  EXPECT_THAT(names(), ElementsAre("b1 disabled fan until 99", "b2 draining move"));
  decide({.name = "b1", .state = MachineState::enabled, .until = {}});
  decide({.name = "b2", .state = MachineState::enabled, .until = {}});
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace firn::db
