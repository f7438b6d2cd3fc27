// SPDX-License-Identifier: Apache-2.0
// A whole run on a machine of each release, in one session.
#include "support/pinned_release.h"

#include "support/farm_run.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using sched::FailureClass;
using testing::output_of;
using testing::PinnedRelease;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;

class PinnedFarmTest : public testing::FarmRunTest,
                       public ::testing::WithParamInterface<PinnedRelease> {
 public:
  PinnedFarmTest() {
    testing::pin(b1, GetParam());
    machines = {{"ssh://b1 x86_64-linux - 1", [this] { return b1.connector(); }}};
  }
};

INSTANTIATE_TEST_SUITE_P(Nix,
                         PinnedFarmTest,
                         ::testing::ValuesIn(testing::kPinnedReleases),
                         [](const auto& info) {
                           std::string name(info.param.nix);
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST_P(PinnedFarmTest, BuildsAGraphAndBringsItBack) {
  store.hold(stored("libc"));
  store.hold(stored("source.c", {store_path("libc")}));
  add({.name = "lib", .outputs = {"dev", "out"}, .sources = {store_path("source.c")}});
  add({.name = "a", .inputs = {{"lib", {"dev"}}}});
  add({.name = "app", .inputs = {{"a", {"out"}}, {"lib", {"out"}}}});

  const auto counts = build({"app"});

  if (GetParam().minor == 0) {
    EXPECT_EQ(counts.aborted + counts.dependency_failed, 3U) << "it cannot build derivations";
    EXPECT_NE(events.of<AttemptEnded>().at(0).message.find("1.10"), std::string::npos);
    return;
  }
  EXPECT_EQ(counts.succeeded, 3U);
  EXPECT_TRUE(failures().empty());
  EXPECT_EQ(b1.opened, 1U) << "a session was given up";
  EXPECT_EQ(b1.added, (std::vector{store_path("libc"), store_path("source.c")}));
  for (const auto& path : {output_of("lib"), output_of("lib", "dev"), output_of("app")}) {
    ASSERT_TRUE(has(path)) << path.str();
    EXPECT_EQ(store.paths.at(path).nar, b1.paths.at(path).nar);
  }
}

TEST_P(PinnedFarmTest, AFailedBuildIsNoFaultOfTheMachine) {
  if (GetParam().minor == 0) GTEST_SKIP() << "it cannot build";
  testing::pin(b1, GetParam(), testing::once(testing::fail_building));
  add({.name = "a"});
  add({.name = "b"});
  const auto counts = build({"a", "b"});
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(failures(), std::vector{FailureClass::build_failed});
}

}  // namespace
}  // namespace firn::farm
