// SPDX-License-Identifier: Apache-2.0
#include "farm/build_machine.h"

#include "aio/scope.h"
#include "support/farm_run.h"
#include "support/run.h"
#include "support/scripted_server.h"

#include <optional>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using testing::settle;
using testing::store_path;
using Claim = BuildMachine::Claim;

class BuildMachineTest : public ::testing::Test {
 public:
  aio::Loop loop{aio::Loop::Time::manual};
  testing::ScriptedServer server{loop};
  BuildMachine machine{
      loop,
      sched::MachineId(0),
      {.machine = testing::machine_of("ssh://b1"), .connector = server.connector()}};
};

aio::Task<void> wait_for(BuildMachine* machine, nix::StorePathSet paths, bool* done) {
  co_await machine->unclaimed(paths);
  *done = true;
}

aio::Task<void> claim_and_release(BuildMachineTest& t) {
  const nix::StorePathSet wanted{store_path("a"), store_path("b")};
  std::optional<Claim> a(std::in_place, t.machine, std::vector{store_path("a")});
  std::optional<Claim> b(std::in_place, t.machine, std::vector{store_path("b")});
  bool free = false;
  aio::Scope scope(t.loop);
  scope.spawn(wait_for, &t.machine, wanted, &free);
  co_await settle();
  EXPECT_FALSE(free);
  a.reset();
  co_await settle();
  EXPECT_FALSE(free) << "the other one is still on its way";
  EXPECT_TRUE(t.machine.is_claimed(wanted));
  b.reset();
  co_await settle();
  EXPECT_TRUE(free);
  EXPECT_FALSE(t.machine.is_claimed(wanted));
  co_await scope.close();
}

TEST_F(BuildMachineTest, WaitsUntilEveryPathIsFree) {
  loop.run(claim_and_release(*this));
}

TEST_F(BuildMachineTest, WhatNobodyClaimsIsFree) {
  const Claim claim(machine, {store_path("a")});
  EXPECT_FALSE(machine.is_claimed({store_path("b")}));
  EXPECT_FALSE(machine.is_claimed({}));
  loop.run(machine.unclaimed({store_path("b")}));
}

TEST_F(BuildMachineTest, ClaimingTwiceIsABug) {
  const Claim claim(machine, {store_path("a")});
  EXPECT_THROW(const Claim again(machine, {store_path("a")}), Bug);
  EXPECT_TRUE(machine.is_claimed({store_path("a")}));
}

}  // namespace
}  // namespace firn::farm
