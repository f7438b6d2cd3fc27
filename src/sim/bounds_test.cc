// SPDX-License-Identifier: Apache-2.0
#include "sim/bounds.h"

#include "base/error.h"

#include <gmock/gmock.h>

namespace firn::sim {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

/// A chain of 3 + 4 s beside a step of 5 s, for one system, and 20 s for another.
Queue small_queue() {
  Queue queue;
  queue.kinds = {{.system = "x86_64-linux", .features = {}},
                 {.system = "aarch64-linux", .features = {}}};
  queue.steps = {{.name = "a", .dependencies = {}, .duration = seconds(3)},
                 {.name = "b", .dependencies = {0}, .duration = seconds(4)},
                 {.name = "c", .dependencies = {}, .duration = seconds(5)},
                 {.name = "d", .kind = 1, .dependencies = {}, .duration = seconds(20)}};
  queue.projects = {{.name = "p"}, {.name = "q"}};
  queue.builds = {{.step = 1}, {.step = 2, .project = 1}, {.step = 3, .project = 1}};
  return queue;
}

Fleet small_fleet() {
  Fleet fleet;
  fleet.machines = {{.name = "m", .systems = {"x86_64-linux"}, .max_jobs = 2},
                    {.name = "n", .systems = {"aarch64-linux"}, .max_jobs = 2, .speed_factor = 4}};
  return fleet;
}

TEST(Bounds, AreTheLongestChainAndTheScarcestMachines) {
  const Bounds found = bounds(small_queue(), small_fleet());
  EXPECT_EQ(found.chain, seconds(7));
  EXPECT_EQ(found.work, seconds(6));  // 12 s on two slots, not 32 s on ten
  EXPECT_EQ(found.lower(), seconds(7));
  EXPECT_THAT(longest_chain(small_queue(), small_fleet()), ElementsAre(0, 1));
}

TEST(Bounds, OfAProjectAreThoseOfWhatItNeeds) {
  const Queue queue = small_queue();
  EXPECT_THAT(needed_by(queue, 0), ElementsAre(true, true, false, false));
  EXPECT_EQ(bounds(queue, small_fleet(), needed_by(queue, 1)).chain, seconds(5));
}

TEST(Bounds, NeedAMachineForEveryStep) {
  Fleet fleet = small_fleet();
  fleet.machines.pop_back();
  EXPECT_THROW(bounds(small_queue(), fleet), Error);
  EXPECT_NO_THROW(bounds(small_queue(), fleet, needed_by(small_queue(), 0)));
}

}  // namespace
}  // namespace firn::sim
