// SPDX-License-Identifier: Apache-2.0
#include "farm/collector_watch.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;

/// Nothing but what its program has printed.
class PrintingLink final : public transport::Link {
 public:
  std::string text;

  aio::Task<std::size_t> read_some(MutableBytes /*buffer*/) override { co_return 0; }

  aio::Task<void> write(Bytes /*bytes*/) override { co_return; }

  void close_write() override {}

  void listen(Listener /*listener*/) override {}

  std::string_view printed() override { return text; }

  aio::Task<std::string> last_words() override { co_return text; }

  aio::Task<void> diagnostics_ended() override { co_return; }

  aio::Task<void> stop(Duration /*grace*/) override { co_return; }
};

class CollectorWatchTest : public ::testing::Test {
 public:
  CollectorWatch::Tell tell() {
    return [this](bool is_waiting) { told.push_back(is_waiting); };
  }

  aio::Loop loop{aio::Loop::Time::manual};
  PrintingLink link;
  std::vector<bool> told;
};

constexpr const char* kWords = "waiting for the big garbage collector lock...\n";

TEST_F(CollectorWatchTest, AServerThatWaitsMayBeSilentForLonger) {
  {
    const CollectorWatch watch(loop, link, 1h, tell());
    loop.timers().advance(5s);
    EXPECT_TRUE(told.empty());
    EXPECT_EQ(link.progress().patience, Duration());

    link.text = std::string("Last login: today\n") + kWords;
    loop.timers().advance(5s);
    EXPECT_EQ(told, std::vector{true});
    EXPECT_EQ(link.progress().patience, 1h);
  }
  EXPECT_EQ(told, (std::vector{true, false}));
  EXPECT_EQ(link.progress().patience, Duration());
}

TEST_F(CollectorWatchTest, WhatItSaidBeforeIsOver) {
  link.text = kWords;
  {
    const CollectorWatch watch(loop, link, 1h, tell());
    loop.timers().advance(5s);
  }
  EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace firn::farm
