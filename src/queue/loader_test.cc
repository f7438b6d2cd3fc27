// SPDX-License-Identifier: Apache-2.0
#include "queue/loader.h"

#include "base/error.h"
#include "support/fake_store.h"
#include "support/run.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using testing::derivation_of;
using testing::drv_path;
using testing::DrvWish;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::output_of;
using ::testing::SizeIs;
using testing::stored;

class LoaderTest : public ::testing::Test {
 protected:
  void add(const DrvWish& wish) { store_.hold(drv_path(wish.name), derivation_of(wish)); }

  static BuildToLoad build(std::int64_t id, const std::string& drv, sched::GroupId group = {}) {
    db::QueuedBuild build;
    build.id = db::BuildId(id);
    build.drv_path = drv;
    build.max_silent = std::chrono::seconds(1);
    build.timeout = std::chrono::seconds(2);
    return {.build = build, .group = group};
  }

  BuildToLoad build_of(std::int64_t id, const std::string& name) const {
    return build(id, drv_path(name).str(), group_);
  }

  LoadReport load(std::vector<BuildToLoad> builds) {
    LoadReport report;
    loop_.run([](LoaderTest& t, std::vector<BuildToLoad> all, LoadReport& into) -> aio::Task<void> {
      into = co_await t.loader_.load(std::move(all));
    }(*this, std::move(builds), report));
    return report;
  }

  aio::Loop loop_{aio::Loop::Time::manual};
  testing::FakeStore store_;
  sched::RecordedScheduler scheduler_;
  sched::GroupId group_ = scheduler_.add_group(1);
  Book book_{scheduler_};
  std::set<std::string> failed_;
  /// Called while the loader waits for the database.
  std::function<void()> meanwhile_ = [] {};
  Loader loader_{loop_,
                 store_,
                 book_,
                 Loader::Substitutes::left_alone,
                 [this](std::vector<std::string> paths) -> aio::Task<std::set<std::string>> {
                   meanwhile_();
                   std::set<std::string> found;
                   for (const auto& path : paths)
                     if (failed_.contains(path)) found.insert(path);
                   co_return found;
                 }};
};

// QR-066
TEST_F(LoaderTest, BuildsShareTheirSteps) {
  add({.name = "lib"});
  add({.name = "a", .inputs = {{"lib", {"out"}}}});
  add({.name = "b", .inputs = {{"lib", {"out"}}, {"a", {"out"}}}});
  EXPECT_THAT(load({build_of(1, "a")}).broken, IsEmpty());
  load({build_of(2, "b"), build_of(3, "b"), build_of(1, "a")});
  EXPECT_EQ(book_.builds(), 3U);
  EXPECT_EQ(scheduler_.counts().unfinished(), 3U);
  EXPECT_EQ(scheduler_.counts().runnable, 1U);
  EXPECT_EQ(scheduler_.rank(book_.find(drv_path("lib")).value()).age, 1U);
  EXPECT_EQ(book_.limits(book_.find(drv_path("b")).value()).timeout, std::chrono::seconds(2));
}

// QR-070, QR-073
TEST_F(LoaderTest, WhatIsThereNeedsNoStep) {
  add({.name = "a", .outputs = {"dev", "out"}});
  store_.hold(stored(output_of("a", "dev"), "x"));
  store_.hold(stored(output_of("a"), "x"));
  const auto report = load({build_of(1, "a")});
  ASSERT_THAT(report.valid, SizeIs(1));
  EXPECT_THAT(report.valid[0].outputs,
              ElementsAre(std::pair(std::string("dev"), output_of("a", "dev")),
                          std::pair(std::string("out"), output_of("a"))));
  EXPECT_EQ(scheduler_.counts().unfinished(), 0U);
}

// QR-065
TEST_F(LoaderTest, ADerivationThatIsGoneIsTold) {
  add({.name = "a"});
  const auto report = load({build_of(1, "collected"), build_of(2, "a")});
  EXPECT_THAT(report.gone, ElementsAre(db::BuildId(1)));
  EXPECT_TRUE(book_.has(db::BuildId(2)));
}

// QR-064, T-13
TEST_F(LoaderTest, APoisonedBuildStopsNoOther) {
  add({.name = "a"});
  add({.name = "torn"});
  std::ofstream(store_.location(drv_path("torn").path())) << "Derive(";
  add({.name = "above", .inputs = {{"torn", {"out"}}}});
  add({.name = "b"});
  const auto report = load({build_of(1, "a"),
                            build_of(2, "torn"),
                            build(3, "no path"),
                            build_of(4, "above"),
                            build_of(5, "b")});
  ASSERT_THAT(report.broken, SizeIs(3));
  EXPECT_EQ(report.broken[0].id, db::BuildId(3));
  EXPECT_EQ(report.broken[1].id, db::BuildId(2));
  EXPECT_EQ(report.broken[2].id, db::BuildId(4));
  EXPECT_TRUE(book_.has(db::BuildId(1)));
  EXPECT_TRUE(book_.has(db::BuildId(5)));
}

// QR-068
TEST_F(LoaderTest, AKnownFailureDoomsWhatNeedsIt) {
  add({.name = "bad"});
  add({.name = "fine"});
  add({.name = "above", .inputs = {{"bad", {"out"}}, {"fine", {"out"}}}});
  failed_ = {output_of("bad").str()};
  const auto report = load({build_of(1, "bad"), build_of(2, "above"), build_of(3, "fine")});
  ASSERT_THAT(report.doomed, SizeIs(2));
  EXPECT_TRUE(report.doomed[0].is_top);
  EXPECT_FALSE(report.doomed[1].is_top);
  EXPECT_EQ(report.doomed[1].step, drv_path("bad"));
  EXPECT_EQ(report.doomed[1].outputs.at(0).path, output_of("bad").str());
  EXPECT_EQ(book_.builds(), 1U);
  EXPECT_EQ(scheduler_.counts().unfinished(), 1U);
}

TEST_F(LoaderTest, AStepThatEndsWhileItIsReadIsReadAgain) {
  add({.name = "lib"});
  add({.name = "a", .inputs = {{"lib", {"out"}}}});
  add({.name = "b", .inputs = {{"lib", {"out"}}}});
  load({build_of(1, "lib")});
  meanwhile_ = [&] {
    if (!book_.has(db::BuildId(1))) return;
    const auto ended = scheduler_.cancel(book_.find(drv_path("lib")).value());
    book_.ended(
        farm::StepsEnded{
            .steps = ended.steps, .state = sched::StepState::cancelled, .reason = "", .at = {}},
        WallTime());
  };
  EXPECT_THAT(load({build_of(2, "a"), build_of(3, "b")}).broken, IsEmpty());
  EXPECT_TRUE(book_.has(db::BuildId(2)));
  EXPECT_TRUE(book_.has(db::BuildId(3)));
  EXPECT_TRUE(book_.find(drv_path("lib")));
}

}  // namespace
}  // namespace firn::queue
