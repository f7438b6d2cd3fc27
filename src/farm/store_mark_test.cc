// SPDX-License-Identifier: Apache-2.0
#include "farm/store_mark.h"

#include "nix/content_address.h"
#include "nix/store_path_computation.h"
#include "store/serve_builder.h"
#include "support/fake_store.h"
#include "support/run.h"
#include "support/scripted_server.h"

#include <optional>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using testing::error_of;
using testing::ScriptedServer;

class StoreMarkTest : public ::testing::Test {
 public:
  aio::Loop loop{aio::Loop::Time::manual};
  testing::FakeStore store;
  StoreMark mark{store};
  ScriptedServer server{loop};
};

aio::Task<void> keep_and_renew(StoreMarkTest& t) {
  const auto first = co_await t.mark.path();
  const auto& info = t.store.paths.at(first).info;
  EXPECT_EQ(nix::content_addressed_path("firn-mark", nix::parse_content_address(info.ca)), first);
  EXPECT_EQ(hash_of(HashAlgorithm::sha256, t.store.paths.at(first).nar), info.nar_hash);
  EXPECT_TRUE(t.store.locked.empty());
  EXPECT_EQ(co_await t.mark.path(), first);
  t.store.paths.clear();
  const auto second = co_await t.mark.path();
  EXPECT_NE(second, first) << "nobody else may know it";
  EXPECT_TRUE(t.store.paths.contains(second));
}

TEST_F(StoreMarkTest, IsMadeOnceAndAgainAfterItWasCollected) {
  loop.run(keep_and_renew(*this));
}

aio::Task<void> ask(StoreMarkTest& t, std::optional<bool>& answer, std::optional<Error>& error) {
  const auto connector = t.server.connector();
  const auto connection = co_await store::connect_serve_builder(t.loop, *connector, "b1");
  const auto path = co_await t.mark.path();
  try {
    answer = co_await has_mark(*connection, path);
  } catch (const Error& e) {
    error = e;
  }
}

TEST_F(StoreMarkTest, OnlyASharedStoreHasIt) {
  std::optional<bool> answer;
  std::optional<Error> error;
  loop.run(ask(*this, answer, error));
  EXPECT_EQ(answer, false);
  server.shared = &store.paths;
  loop.run(ask(*this, answer, error));
  EXPECT_EQ(answer, true);
  EXPECT_FALSE(error);
  ASSERT_EQ(server.validity_queries.size(), 2U);
  EXPECT_FALSE(server.validity_queries.at(0).lock);
  EXPECT_FALSE(server.validity_queries.at(0).substitute);
}

TEST_F(StoreMarkTest, AnotherStoreDirectoryIsNoSuchStore) {
  std::optional<bool> answer;
  std::optional<Error> error;
  server.last_words = "error: path '/nix/store/0-firn-mark' is not in the Nix store";
  server.tamper = testing::cut_off(wire::Command::query_valid_paths, 0);
  loop.run(ask(*this, answer, error));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::invalid);
  EXPECT_TRUE(error->message().starts_with("b1 keeps its store in another folder"));
  server.last_words = "error: out of tea";
  loop.run(ask(*this, answer, error));
  EXPECT_EQ(error->kind(), Kind::unavailable);
}

}  // namespace
}  // namespace firn::farm
