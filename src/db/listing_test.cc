// SPDX-License-Identifier: Apache-2.0
#include "db/listing.h"

#include "db/identity.h"
#include "db/steering.h"
#include "db/steps.h"
#include "support/queue_rows.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::at;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ListingTest : public firn::testing::QueueTest {
 protected:
  std::vector<ListedBuild> unfinished(const ListPosition& after, std::size_t limit) {
    return in_transaction([&](Transaction& tx) { return list_unfinished(tx, after, limit); });
  }

  void finish(BuildId id, std::int64_t stop, bool is_cached = false) {
    const FinishedBuild end{.id = id,
                            .status = Status::timed_out,
                            .start = at(10),
                            .stop = at(stop),
                            .is_cached = is_cached};
    in_transaction([&](Transaction& tx) { finish_builds(tx, {&end, 1}); });
  }
};

std::vector<BuildId> ids(const std::vector<ListedBuild>& builds) {
  std::vector<BuildId> result;
  for (const auto& build : builds)
    result.push_back(build.id);
  return result;
}

TEST_F(ListingTest, ShowsTheLastBumpedFirstInPages) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  const auto d = add("d");
  finish(b, 20);
  in_transaction([&](Transaction& tx) { bump_builds(tx, {&d, 1}, 1'800'000'000); });
  const auto first = unfinished({}, 2);
  EXPECT_THAT(ids(first), ElementsAre(d, a));
  const auto second =
      unfinished({.global_priority = first[1].global_priority, .id = first[1].id}, 2);
  EXPECT_THAT(ids(second), ElementsAre(c));
  EXPECT_THAT(unfinished({.global_priority = 0, .id = c}, 2), IsEmpty());
  EXPECT_EQ(in_transaction([](Transaction& tx) { return count_unfinished(tx); }), 3);
  EXPECT_EQ(second[0].project + ":" + second[0].jobset + ":" + second[0].job, "p:j:c");
  EXPECT_EQ(second[0].drv_path, "/nix/store/c.drv");
  EXPECT_EQ(second[0].system, "x86_64-linux");
  EXPECT_EQ(second[0].timestamp, at(1'700'000'000));
  EXPECT_FALSE(second[0].status || second[0].start || second[0].stop);
}

TEST_F(ListingTest, ShowsWhatEndedLastWithHow) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  add("d");
  finish(a, 30);
  finish(b, 40, true);
  finish(c, 20);
  const auto builds = in_transaction([](Transaction& tx) { return list_finished(tx, 2); });
  EXPECT_THAT(ids(builds), ElementsAre(b, a));
  EXPECT_EQ(builds[0].status, Status::timed_out);
  EXPECT_EQ(builds[0].start, at(10));
  EXPECT_EQ(builds[0].stop, at(40));
  EXPECT_TRUE(builds[0].is_cached);
  EXPECT_FALSE(builds[1].is_cached);
}

TEST_F(ListingTest, FindsOneBuild) {
  const auto a = add("a");
  const auto find = [&](BuildId id) {
    return in_transaction([&](Transaction& tx) { return find_build(tx, id); });
  };
  const auto found = find(a);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->job, "a");
  EXPECT_FALSE(find(BuildId(999)));
}

TEST_F(ListingTest, ShowsTheStepsThatRun) {
  const auto a = add("a");
  const std::vector<NewStep> steps{{.build = a,
                                    .drv_path = "/nix/store/x.drv",
                                    .system = "x86_64-linux",
                                    .machine = "ssh://b1",
                                    .start = at(10)},
                                   {.build = a,
                                    .drv_path = "/nix/store/y.drv",
                                    .system = "x86_64-linux",
                                    .start = at(10),
                                    .status = Status::failed,
                                    .stop = at(11)}};
  in_transaction([&](Transaction& tx) {
    const auto numbers = create_steps(tx, steps);
    const StepProgress progress{.build = a, .step = numbers[0], .state = StepState::building};
    set_step_states(tx, {&progress, 1});
  });
  const auto running = in_transaction([](Transaction& tx) { return running_steps(tx); });
  ASSERT_THAT(running, SizeIs(1));
  EXPECT_EQ(running[0].build, a);
  EXPECT_EQ(running[0].step, StepNr(1));
  EXPECT_EQ(running[0].drv_path, "/nix/store/x.drv");
  EXPECT_EQ(running[0].state, StepState::building);
  EXPECT_EQ(running[0].machine, "ssh://b1");
  EXPECT_EQ(running[0].start, at(10));
  const auto runs = [&](std::string_view drv) {
    return in_transaction([&](Transaction& tx) { return is_running(tx, drv); });
  };
  EXPECT_TRUE(runs("/nix/store/x.drv"));
  EXPECT_FALSE(runs("/nix/store/y.drv"));
  EXPECT_THAT(in_transaction([&](Transaction& tx) { return step_drvs(tx, a); }),
              ElementsAre("/nix/store/y.drv", "/nix/store/x.drv"));
}

TEST_F(ListingTest, KnowsWhichDerivationsAreWanted) {
  const auto a = add("a");
  const auto wanted = [&](std::string_view drv) {
    return in_transaction([&](Transaction& tx) { return is_wanted(tx, drv); });
  };
  EXPECT_TRUE(wanted("/nix/store/a.drv"));
  finish(a, 20);
  EXPECT_FALSE(wanted("/nix/store/a.drv"));
}

TEST_F(ListingTest, ADatabaseStaysTheSame) {
  const auto first = in_transaction([](Transaction& tx) { return identity(tx); });
  EXPECT_GT(first, 0);
  EXPECT_EQ(in_transaction([](Transaction& tx) { return identity(tx); }), first);
}

}  // namespace
}  // namespace firn::db
