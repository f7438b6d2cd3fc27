// SPDX-License-Identifier: Apache-2.0
#include "farm/destination.h"

#include "support/farm_run.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;
using sched::FailureClass;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Twenty steps; our own store goes down after the third.
class DestinationTest : public testing::FarmRunTest {
 public:
  DestinationTest() {
    store.hold(testing::stored("source.c"));
    for (int i = 0; i < 20; ++i) {
      names.push_back("n" + std::to_string(i));
      add({.name = names.back(), .sources = {testing::store_path("source.c")}});
    }
    events.told = [this](const Event& event) { hear(event); };
  }

  std::vector<std::string> names;
  /// How long the store is down; for ever where 0.
  Duration outage = 60s;
  std::size_t most_sessions = 0;

 private:
  void hear(const Event& event) {
    most_sessions = std::max({most_sessions, b1.alive, b2.alive});
    if (!std::holds_alternative<AttemptEnded>(event) || events.of<AttemptEnded>().size() != 3)
      return;
    store.is_down = true;
    if (outage > 0s) mended_ = loop.timers().after(outage, [this] { store.is_down = false; });
  }

  aio::Timers::Entry mended_;
};

TEST_F(DestinationTest, NothingIsStartedWhileItIsDown) {
  EXPECT_EQ(build(names).succeeded, 20U);
  const auto paused = events.of<DispatchPaused>();
  const auto resumed = events.of<DispatchResumed>();
  ASSERT_THAT(paused, SizeIs(1));
  ASSERT_THAT(resumed, SizeIs(1));
  EXPECT_EQ(paused.at(0).reason, "the local store cannot be reached");
  EXPECT_GE(resumed.at(0).at - paused.at(0).at, 50s);
  EXPECT_LE(resumed.at(0).at - paused.at(0).at, 80s);
  for (const auto& started : events.of<AttemptStarted>())
    EXPECT_FALSE(started.at > paused.at(0).at && started.at < resumed.at(0).at);
}

TEST_F(DestinationTest, ItCostsAStepOneTryAtMostAndNoMachineItsWork) {
  EXPECT_EQ(build(names).succeeded, 20U);
  EXPECT_THAT(failures(), ::testing::Not(IsEmpty()));
  EXPECT_THAT(failures(), Each(FailureClass::destination_down));
  EXPECT_THAT(events.of<MachineOut>(), IsEmpty());
  for (const auto& started : events.of<AttemptStarted>())
    EXPECT_LE(started.try_number, 2U);
  EXPECT_LE(most_sessions, 4U) << "twice max-jobs";
}

TEST_F(DestinationTest, OneThatIsGoneForGoodBreaksTheRunOff) {
  outage = 0s;
  options.limits.destination_outage = 10min;
  step = 5s;
  const TimePoint before = loop.timers().now();
  try {
    build(names);
    ADD_FAILURE() << "it came to an end";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::unavailable);
    EXPECT_THAT(e.what(), HasSubstr("the local store has not answered for 600 s"));
  }
  EXPECT_LT(loop.timers().now() - before, 15min);
  loop.run(testing::settle());
  EXPECT_EQ(b1.alive + b2.alive, 0U);
}

TEST_F(DestinationTest, AnInterruptIsHeardMeanwhile) {
  outage = 0s;
  const auto hear = events.told;
  events.told = [this, hear](const Event& event) {
    hear(event);
    if (std::holds_alternative<DispatchPaused>(event)) run->run().interrupt();
  };
  EXPECT_GT(build(names).unfinished(), 0U);
  EXPECT_TRUE(events.of<RunEnded>().at(0).interrupted);
}

TEST_F(DestinationTest, OneThatAnswersAndTakesNothingIsNotDown) {
  events.told = {};
  add({.name = "a"});
  store.failures.assign(4, {0, Error(Kind::resource, "No space left on device")});
  EXPECT_EQ(build({"a"}).aborted, 1U);
  EXPECT_THAT(failures(), SizeIs(4));
  EXPECT_THAT(events.of<DispatchPaused>(), IsEmpty());
}

}  // namespace
}  // namespace firn::farm
