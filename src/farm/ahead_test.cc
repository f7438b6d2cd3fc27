// SPDX-License-Identifier: Apache-2.0
#include "farm/ahead.h"

#include "base/error.h"
#include "support/run.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

/// Counts how often it is asked, and may fail or never come to an end.
class CountingConnector final : public transport::Connector {
 public:
  enum class Way : std::uint8_t { opens, fails, hangs };

  CountingConnector(aio::Loop& loop, Way way, int& asked) : loop_(loop), way_(way), asked_(asked) {}

  aio::Task<std::unique_ptr<transport::Link>> open() override { co_return nullptr; }

  aio::Task<void> open_ahead() override {
    ++asked_;
    if (way_ == Way::fails) throw Error(Kind::unavailable, "no route to host");
    if (way_ == Way::hangs) co_await aio::sleep_for(loop_, std::chrono::hours(1));
  }

  bool learn_refusal(const transport::Link&, std::string_view) override { return false; }

  aio::Task<void> close() override { co_return; }

 private:
  aio::Loop& loop_;
  Way way_;
  int& asked_;
};

class AheadTest : public ::testing::Test {
 public:
  using Way = CountingConnector::Way;

  void add(std::string uri, Way way = Way::opens) {
    nix::Machine machine;
    machine.uri = nix::parse_store_uri(uri);
    machines.push_back(
        {.machine = machine, .connector = std::make_unique<CountingConnector>(loop, way, asked)});
  }

  void start_and_close() {
    loop.run([](AheadTest& t) -> aio::Task<void> {
      ConnectionsAhead ahead(t.loop, t.machines, std::chrono::minutes(1));
      ahead.start();
      ahead.start();
      co_await aio::yield_now();
      co_await ahead.close();
    }(*this));
  }

  aio::Loop loop;
  int asked = 0;
  std::vector<ReachedMachine> machines;
};

TEST_F(AheadTest, AsksEveryOtherMachineOnce) {
  add("local");
  add("ssh://b1");
  add("ssh://b2", Way::fails);
  add("ssh://b3", Way::hangs);
  start_and_close();
  EXPECT_EQ(asked, 3);
}

TEST_F(AheadTest, AsksAFewOfMany) {
  for (int i = 0; i < 100; ++i)
    add(fmt::format("ssh://b{}", i));
  start_and_close();
  EXPECT_EQ(asked, 8);
}

}  // namespace
}  // namespace firn::farm
