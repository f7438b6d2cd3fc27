// SPDX-License-Identifier: Apache-2.0
#include "queue/writer.h"

#include "aio/scope.h"
#include "base/error.h"
#include "db/leadership.h"
#include "support/run.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Change change(std::int64_t build) {
  return BuildStarted{.build = db::BuildId(build)};
}

std::vector<std::int64_t> numbers(std::span<const Change> changes) {
  std::vector<std::int64_t> found;
  for (const auto& change : changes)
    found.push_back(std::get<BuildStarted>(change).build.value());
  return found;
}

class WriterTest : public ::testing::Test {
 protected:
  /// Runs the writer until everything is committed, or it has thrown.
  void settle() {
    loop_.run(testing::while_time_passes(
        loop_, std::chrono::milliseconds(50), [](WriterTest& t) -> aio::Task<void> {
          aio::Scope running(t.loop_);
          running.spawn(&Writer::run, t.writer_);
          std::exception_ptr error;
          try {
            if (t.writer_fails_) {
              co_await running.join();
            } else {
              co_await t.writer_.settle();
            }
          } catch (...) {
            error = std::current_exception();
          }
          co_await running.close();
          if (error) std::rethrow_exception(error);
        }(*this)));
  }

  aio::Loop loop_{aio::Loop::Time::manual};
  std::vector<std::vector<std::int64_t>> committed_;
  std::vector<std::string> told_;
  /// Called on the writer's thread, before a group is taken.
  std::function<void(std::span<const Change>)> trouble_ = [](auto) {};
  bool writer_fails_ = false;
  Writer writer_{loop_,
                 [this](std::span<const Change> changes) {
                   trouble_(changes);
                   committed_.push_back(numbers(changes));
                 },
                 [this](std::string text) { told_.push_back(std::move(text)); }};
};

TEST_F(WriterTest, WhatGathersIsOneGroup) {
  writer_.add({change(1), change(2)});
  writer_.add({change(3)});
  EXPECT_EQ(writer_.pending(), 3U);
  settle();
  EXPECT_THAT(committed_, ElementsAre(ElementsAre(1, 2, 3)));
  EXPECT_EQ(writer_.pending(), 0U);
}

TEST_F(WriterTest, AnOutageLosesNothingAndIsToldOnce) {
  std::atomic<int> left = 5;
  trouble_ = [&](auto) {
    if (left-- > 0) throw Error(Kind::unavailable, "the database went away");
  };
  writer_.add({change(1), change(2)});
  settle();
  EXPECT_THAT(committed_, ElementsAre(ElementsAre(1, 2)));
  EXPECT_THAT(told_,
              ElementsAre(HasSubstr("the database went away"), HasSubstr("takes changes again")));
}

TEST_F(WriterTest, AChangeThatIsRefusedKeepsBackNobody) {
  trouble_ = [](std::span<const Change> changes) {
    for (const auto number : numbers(changes))
      if (number == 2) throw Error(Kind::invalid, "no such build");
  };
  writer_.add({change(1), change(2), change(3)});
  settle();
  EXPECT_THAT(committed_, ElementsAre(ElementsAre(1), ElementsAre(3)));
  EXPECT_THAT(told_, ElementsAre(HasSubstr("no such build")));
}

TEST_F(WriterTest, WhatIsRefusedIsFoundByHalves) {
  std::size_t groups = 0;
  trouble_ = [&](std::span<const Change> changes) {
    ++groups;
    for (const auto number : numbers(changes))
      if (number == 700) throw Error(Kind::invalid, "no such build");
  };
  std::vector<Change> many;
  for (std::int64_t i = 1; i <= 1000; ++i)
    many.push_back(change(i));
  writer_.add(std::move(many));
  settle();
  EXPECT_LT(groups, 30U);
  EXPECT_EQ(writer_.pending(), 0U);
  std::vector<std::int64_t> all;
  for (const auto& group : committed_)
    all.insert(all.end(), group.begin(), group.end());
  EXPECT_THAT(all, SizeIs(999));
  EXPECT_TRUE(std::ranges::is_sorted(all));
}

TEST_F(WriterTest, ADatabaseThatIsFullOrCannotBeWrittenIsAwayAndNoRefusal) {
  std::vector<Kind> troubles{Kind::resource, Kind::permission, Kind::not_found, Kind::timeout};
  trouble_ = [&](auto) {
    if (troubles.empty()) return;
    const Kind kind = troubles.back();
    troubles.pop_back();
    throw Error(kind, "not now");
  };
  writer_.add({change(1)});
  settle();
  EXPECT_THAT(committed_, ElementsAre(ElementsAre(1)));
}

TEST_F(WriterTest, WithoutTheLeadNothingMoreIsWritten) {
  writer_fails_ = true;
  trouble_ = [](auto) { throw db::LostLead(); };
  writer_.add({change(1)});
  try {
    settle();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::conflict);
  }
  EXPECT_THAT(committed_, SizeIs(0));
  EXPECT_EQ(writer_.pending(), 1U);
}

}  // namespace
}  // namespace firn::queue
