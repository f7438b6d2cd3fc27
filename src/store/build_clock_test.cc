// SPDX-License-Identifier: Apache-2.0
#include "store/build_clock.h"

#include "aio/loop.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
namespace worker = wire::worker;

worker::Message started(std::uint64_t id, worker::ActivityType type = worker::ActivityType::build) {
  worker::StartActivity activity;
  activity.id = id;
  activity.type = type;
  return activity;
}

worker::Message printed(std::uint64_t id) {
  return worker::ActivityResult{
      .id = id, .type = worker::ResultType::build_log_line, .fields = {std::string("line")}};
}

wire::BuildOptions limits(std::chrono::seconds timeout, std::chrono::seconds silence) {
  wire::BuildOptions options;
  options.build_timeout = timeout;
  options.max_silent_time = silence;
  return options;
}

class BuildClockTest : public ::testing::Test {
 public:
  aio::Loop loop{aio::Loop::Time::manual};
  aio::Timers& timers = loop.timers();
};

TEST_F(BuildClockTest, TimeRunsFromTheStartOfABuild) {
  BuildClock clock(timers, limits(100s, 0s));
  clock.hear(started(1, worker::ActivityType::substitute));
  timers.advance(1h);
  clock.hear(started(2));
  timers.advance(124s);
  EXPECT_FALSE(clock.past_limit().reason());
  timers.advance(2s);
  ASSERT_TRUE(clock.past_limit().reason());
  EXPECT_EQ(clock.past_limit().reason()->message(), "timed out after 100 seconds");
  EXPECT_FALSE(clock.was_silence());
}

TEST_F(BuildClockTest, EachBuildHasItsOwnTime) {
  BuildClock clock(timers, limits(8s, 8s));
  for (std::uint64_t id = 1; id < 5; ++id) {
    clock.hear(started(id));
    timers.advance(12s);
    clock.hear(worker::StopActivity{.id = id});
    timers.advance(1h);
  }
  EXPECT_FALSE(clock.past_limit().reason());
}

TEST_F(BuildClockTest, WordsEndASilenceButNotTheTimeout) {
  BuildClock clock(timers, limits(60s, 10s));
  clock.hear(started(1));
  for (int i = 0; i < 5; ++i) {
    timers.advance(14s);
    clock.hear(printed(1));
  }
  EXPECT_FALSE(clock.past_limit().reason());
  timers.advance(6s);
  ASSERT_TRUE(clock.past_limit().reason());
  EXPECT_FALSE(clock.was_silence());
}

TEST_F(BuildClockTest, OneBuildsWordsAreNotAnothers) {
  BuildClock clock(timers, limits(0s, 10s));
  clock.hear(started(1));
  clock.hear(started(2));
  timers.advance(14s);
  clock.hear(printed(2));
  timers.advance(2s);
  EXPECT_TRUE(clock.past_limit().reason());
}

TEST_F(BuildClockTest, SilenceIsToldFromTheTimeout) {
  BuildClock clock(timers, limits(60s, 10s));
  clock.hear(started(1));
  timers.advance(16s);
  ASSERT_TRUE(clock.past_limit().reason());
  EXPECT_EQ(clock.past_limit().reason()->message(), "timed out after 10 seconds of silence");
  EXPECT_TRUE(clock.was_silence());
}

TEST_F(BuildClockTest, WithoutLimitsNothingEnds) {
  BuildClock clock(timers, {});
  clock.hear(started(1));
  timers.advance(1000h);
  EXPECT_FALSE(clock.past_limit().reason());
}

}  // namespace
}  // namespace firn::store
