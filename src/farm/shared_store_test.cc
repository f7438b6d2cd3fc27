// SPDX-License-Identifier: Apache-2.0
// Runs on a machine whose store turns out to be our own.
#include "farm/run.h"
#include "support/farm_run.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>

namespace firn::farm {
namespace {

using sched::FailureClass;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;

class SharedStoreTest : public testing::FarmRunTest {};

TEST_F(SharedStoreTest, AMachineThatSharesOurStoreCopiesNothing) {
  machines = {{"ssh://self x86_64-linux - 2", [this] { return b1.connector(); }}};
  b1.shared = &store.paths;
  b1.build = [this](auto& server, auto& session, const auto& request) {
    for (const auto& [name, output] : request.derivation.outputs)
      store.hold(stored(*output.path, testing::nar_of(name)));
    return ScriptedServer::build_everything(server, session, request);
  };
  store.hold(stored("source.c"));
  b1.hold(stored("source.c"));
  add({.name = "a", .sources = {store_path("source.c")}});
  add({.name = "b", .inputs = {{"a", {"out"}}}});
  add({.name = "c", .sources = {store_path("source.c")}});
  const auto counts = build({"b", "c"});
  EXPECT_EQ(counts.succeeded, 3U);
  EXPECT_TRUE(b1.delegation_forbidden);
  EXPECT_TRUE(b1.added.empty());
  EXPECT_EQ(b1.count(wire::Command::dump_store_path), 0U);
  EXPECT_TRUE(store.added.empty());
  EXPECT_EQ(b1.validity_queries.size(), 1U);
  ASSERT_EQ(events.of<MachineNoted>().size(), 1U);
  EXPECT_EQ(events.of<MachineNoted>().at(0).note, "its store is our own: nothing is copied");
}

TEST_F(SharedStoreTest, WhatASharedStoreDoesNotHaveWasNotBuilt) {
  machines = {{"ssh://self x86_64-linux - 2", [this] { return b1.connector(); }}};
  b1.shared = &store.paths;
  add({.name = "a"});
  EXPECT_EQ(build({"a"}).succeeded, 0U);
  EXPECT_THAT(failures(), ::testing::Each(FailureClass::protocol_error));
  EXPECT_FALSE(failures().empty());
}

TEST_F(SharedStoreTest, AMachineIsAskedOnceWhetherItSharesOurStore) {
  for (const char* name : {"a", "b", "c", "d", "e", "f"})
    add({.name = name});
  EXPECT_EQ(build({"a", "b", "c", "d", "e", "f"}).succeeded, 6U);
  for (const auto* server : {&b1, &b2}) {
    EXPECT_EQ(std::ranges::count_if(server->validity_queries,
                                    [](const auto& query) { return !query.lock; }),
              1);
    EXPECT_FALSE(server->delegation_forbidden);
  }
  EXPECT_TRUE(events.of<MachineNoted>().empty());
}

}  // namespace
}  // namespace firn::farm
