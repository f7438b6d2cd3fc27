// SPDX-License-Identifier: Apache-2.0
#include "store/local_store.h"

#include "support/environment.h"
#include "support/run.h"
#include "support/scripted_server.h"
#include "support/temp_folder.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using testing::cut_off;
using testing::error_of;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;
using testing::Variable;
using wire::Command;

class LocalStoreTest : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(LocalStoreTest&, LocalStore&);

  void tell(Story story) { loop.run(tell_all(story)); }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedServer server{loop};

 private:
  aio::Task<void> tell_all(Story story) {
    LocalStore store(loop, server.connector());
    co_await story(*this, store);
    co_await store.close();
    EXPECT_EQ(server.alive, 0U);
  }
};

TEST_F(LocalStoreTest, LocksValidOrNot) {
  server.hold(stored("a"));
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    const nix::StorePathSet both{store_path("a"), store_path("b")};
    EXPECT_EQ(co_await store.lock(both), nix::StorePathSet{store_path("a")});
    EXPECT_TRUE(t.server.validity_queries.back().lock);
    EXPECT_FALSE(t.server.validity_queries.back().substitute);
    EXPECT_EQ(t.server.validity_queries.back().paths, both);
  });
}

TEST_F(LocalStoreTest, ALostLedgerIsReplacedWithAllItsRoots) {
  server.hold(stored("a"));
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    co_await store.lock({store_path("a")});
    co_await store.lock({store_path("b")});
    t.server.tamper = cut_off(Command::query_closure, 3);
    EXPECT_TRUE(co_await error_of(store.closure({store_path("a")})));
    t.server.tamper = nullptr;
    t.server.validity_queries.clear();
    EXPECT_EQ((co_await store.closure({store_path("a")})).size(), 1U);
    EXPECT_EQ(t.server.validity_queries.size(), 1U);
    EXPECT_EQ(t.server.validity_queries[0].paths,
              (nix::StorePathSet{store_path("a"), store_path("b")}));
    EXPECT_EQ(t.server.opened, 2U);
  });
}

aio::Task<void> lock_one(LocalStore* store, std::string name) {
  co_await store->lock({store_path(name)});
}

TEST_F(LocalStoreTest, ManyAskAndNobodyInterrupts) {
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    aio::Scope scope(t.loop);
    for (int i = 0; i < 10; ++i)
      scope.spawn(lock_one, &store, std::to_string(i));
    co_await scope.join();
    EXPECT_GE(t.server.validity_queries.size(), 10U);
    EXPECT_EQ(t.server.opened, 1U);
  });
}

TEST_F(LocalStoreTest, SubstitutesOnASessionOfItsOwn) {
  server.substitutes.emplace(store_path("a"), stored("a"));
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    EXPECT_EQ(co_await store.substitute({store_path("a"), store_path("b")}),
              nix::StorePathSet{store_path("a")});
    EXPECT_EQ(t.server.opened, 2U);
    EXPECT_TRUE(t.server.validity_queries.back().lock);
    EXPECT_TRUE(t.server.validity_queries.back().substitute);
  });
}

TEST_F(LocalStoreTest, SubstitutesNothingThatIsThere) {
  server.hold(stored("a"));
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    EXPECT_EQ((co_await store.substitute({store_path("a")})).size(), 1U);
    EXPECT_EQ(t.server.opened, 1U);
  });
}

TEST_F(LocalStoreTest, APathThatHasGoneIsNamed) {
  server.hold(stored("a"));
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    EXPECT_EQ((co_await store.path_infos({store_path("a")})).size(), 1U);
    t.server.paths.clear();
    const auto error = co_await error_of(store.path_infos({store_path("a")}));
    EXPECT_TRUE(error && error->kind() == Kind::not_found);
    EXPECT_TRUE(error && error->message().starts_with(store_path("a").str()));
  });
}

aio::Task<void> add_one(LocalStore* store, std::string name) {
  const auto path = stored(name);
  testing::TextNar nar(path.nar);
  co_await store->add(path.info, nar);
}

TEST_F(LocalStoreTest, AddsOnAFewSessions) {
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    aio::Scope scope(t.loop);
    for (int i = 0; i < 12; ++i)
      scope.spawn(add_one, &store, std::to_string(i));
    co_await scope.join();
    EXPECT_EQ(t.server.added.size(), 12U);
    EXPECT_LE(t.server.opened, 4U);
  });
}

TEST_F(LocalStoreTest, AFailedAdditionCostsOneSession) {
  server.last_words = "error: disk I/O error";
  server.dies_after_upload = 1;
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    const auto error = co_await error_of(add_one(&store, "a"));
    EXPECT_TRUE(error && error->message().find("disk I/O error") != std::string::npos);
    t.server.dies_after_upload.reset();
    co_await add_one(&store, "b");
    EXPECT_EQ(t.server.added, std::vector{store_path("b")});
  });
}

TEST_F(LocalStoreTest, TrustsItselfWhereItOpensTheDatabase) {
  const testing::TempFolder state;
  const Variable folder("NIX_STATE_DIR", state.path());
  const Variable remote("NIX_REMOTE", "");
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    EXPECT_TRUE(co_await store.is_trusting());
    EXPECT_EQ(t.server.opened, 0U);
  });
}

TEST_F(LocalStoreTest, AsksADaemonOnce) {
  const Variable remote("NIX_REMOTE", "daemon");
  tell([](LocalStoreTest& t, LocalStore& store) -> aio::Task<void> {
    EXPECT_TRUE(co_await store.is_trusting());
    EXPECT_TRUE(co_await store.is_trusting());
    EXPECT_EQ(t.server.added.size(), 1U);
  });
}

TEST_F(LocalStoreTest, HearsTheDaemonsRefusal) {
  const Variable remote("NIX_REMOTE", "daemon");
  server.dies_after_upload = 1;
  for (const char* words : {"error: cannot add path '/nix/store/x' because it lacks a signature by "
                            "a trusted key",
                            "error: you are not privileged to add unsigned paths"}) {
    server.last_words = words;
    tell([](LocalStoreTest&, LocalStore& store) -> aio::Task<void> {
      EXPECT_FALSE(co_await store.is_trusting());
    });
  }
}

TEST_F(LocalStoreTest, ADaemonThatIsNotThereIsNoRefusal) {
  const Variable remote("NIX_REMOTE", "daemon");
  server.dies_after_upload = 1;
  server.last_words = "error: cannot connect to socket: Connection refused";
  tell([](LocalStoreTest&, LocalStore& store) -> aio::Task<void> {
    const auto error = co_await error_of(store.is_trusting());
    EXPECT_TRUE(error && error->kind() == Kind::unavailable);
  });
}

}  // namespace
}  // namespace firn::store
