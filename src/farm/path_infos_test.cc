// SPDX-License-Identifier: Apache-2.0
#include "farm/path_infos.h"

#include "support/fake_store.h"
#include "support/run.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using testing::store_path;
using testing::stored;

class PathInfosTest : public ::testing::Test {
 public:
  std::vector<std::string> closure(const nix::StorePathSet& paths) {
    std::vector<std::string> names;
    loop.run(closure_into(paths, names));
    return names;
  }

  aio::Loop loop{aio::Loop::Time::manual};
  testing::FakeStore store;
  PathInfos infos{store};

 private:
  aio::Task<void> closure_into(const nix::StorePathSet& paths, std::vector<std::string>& names) {
    for (const auto* info : co_await infos.closure(paths))
      names.emplace_back(info->path.name());
  }
};

using Names = std::vector<std::string>;

TEST_F(PathInfosTest, ReferencesComeFirst) {
  store.hold(stored("libc"));
  store.hold(stored("lib", {store_path("libc"), store_path("lib")}));
  store.hold(stored("app", {store_path("lib"), store_path("libc")}));
  EXPECT_EQ(closure({store_path("app")}), (Names{"libc", "lib", "app"}));
  EXPECT_EQ(closure({store_path("app"), store_path("lib"), store_path("libc")}).size(), 3U);
}

TEST_F(PathInfosTest, NothingIsAskedTwice) {
  store.hold(stored("libc"));
  store.hold(stored("app", {store_path("libc")}));
  closure({store_path("app")});
  closure({store_path("libc")});
  closure({store_path("app"), store_path("libc")});
  EXPECT_EQ(store.asked["path_infos"], 1);
  EXPECT_EQ(closure({}), Names());
}

TEST_F(PathInfosTest, LongChainsNeedNoStack) {
  nix::StorePathSet last;
  for (int i = 0; i < 3000; ++i) {
    const auto path = store_path(std::to_string(i));
    store.hold(stored(path, "", last));
    last = {path};
  }
  EXPECT_EQ(closure(last).size(), 3000U);
}

TEST_F(PathInfosTest, ARememberedPathNeedsNoQuestion) {
  infos.remember(stored("app").info);
  EXPECT_EQ(closure({store_path("app")}), Names{"app"});
  EXPECT_EQ(store.asked["closure"], 0);
}

// One output was there already and is known to the store alone; its sibling, just built, refers to
// it.
TEST_F(PathInfosTest, ARememberedPathMayReferToUnknownOnes) {
  store.hold(stored("libc"));
  store.hold(stored("dev", {store_path("libc")}));
  store.hold(stored("out", {store_path("dev")}));
  infos.remember(store.paths.at(store_path("out")).info);
  EXPECT_EQ(closure({store_path("out")}), (Names{"libc", "dev", "out"}));
}

TEST_F(PathInfosTest, APathThatHasGoneIsAnError) {
  infos.remember(stored("out", {store_path("gone")}).info);
  EXPECT_THROW(closure({store_path("out")}), Error);
}

}  // namespace
}  // namespace firn::farm
