// SPDX-License-Identifier: Apache-2.0
#include "queue/book.h"

#include "support/store_samples.h"

#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using db::Status;
using sched::FailureClass;
using sched::Phase;
using sched::StepId;
using std::chrono::seconds;
using testing::drv_path;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr WallTime kStart{seconds(1'700'000'000)};

/// A book over a scheduler with one machine, whose attempts end as the test says.
class BookTest : public ::testing::Test {
 protected:
  BookTest() { scheduler_.add_machine({.name = "b1", .systems = {"x86_64-linux"}, .max_jobs = 9}); }

  StepId step(const std::string& name, std::vector<StepId> dependencies = {}) {
    return book_.add(QueuedStep{.drv = drv_path(name),
                                .spec = {.name = name, .system = "x86_64-linux"},
                                .dependencies = std::move(dependencies)});
  }

  void build(std::int64_t id, StepId top) {
    book_.add(WantedBuild{.id = db::BuildId(id), .drv = book_.drv(top), .group = group_}, top);
  }

  /// Begins what can begin, as far as `building`.
  std::vector<sched::Assignment> begin() {
    auto assignments = scheduler_.dispatch(now_).assignments;
    for (const auto& assignment : assignments) {
      const auto drv = book_.drv(assignment.step);
      book_.started({.attempt = assignment.attempt,
                     .step = assignment.step,
                     .machine = assignment.machine,
                     .try_number = assignment.try_number,
                     .at = now_},
                    "ssh://b1",
                    wall_);
      book_.described(assignment.step,
                      "x86_64-linux",
                      {{"out", "/nix/store/" + std::string(drv.derivation_name())}});
      scheduler_.enter_phase(assignment.attempt, Phase::building, now_);
      book_.entered({.attempt = assignment.attempt, .phase = Phase::building, .at = now_});
    }
    return assignments;
  }

  sched::Assignment begin_one() {
    const auto assignments = begin();
    EXPECT_EQ(assignments.size(), 1U);
    return assignments.at(0);
  }

  std::optional<Built> end(const sched::Assignment& assignment,
                           std::optional<FailureClass> failure) {
    now_ += seconds(5);
    wall_ += seconds(5);
    farm::AttemptEnded event;
    event.attempt = assignment.attempt;
    event.message = "because";
    event.log_file = "log";
    event.verdict = failure ? scheduler_.attempt_failed(assignment.attempt, *failure, now_)
                            : scheduler_.attempt_succeeded(assignment.attempt, now_);
    return book_.ended(event, wall_);
  }

  template <class T>
  std::vector<T> take() {
    std::vector<T> found;
    for (auto& change : book_.take_changes())
      if (auto* wanted = std::get_if<T>(&change)) found.push_back(std::move(*wanted));
    return found;
  }

  static std::vector<std::pair<std::int64_t, Status>> ends(const BuildsEnded& ended) {
    std::vector<std::pair<std::int64_t, Status>> all;
    for (const auto& build : ended.builds)
      all.emplace_back(build.id.value(), build.status);
    return all;
  }

  sched::RecordedScheduler scheduler_;
  sched::GroupId group_ = scheduler_.add_group(1);
  Book book_{scheduler_};
  TimePoint now_{seconds(100)};
  WallTime wall_ = kStart;
};

// QR-101, QR-105
TEST_F(BookTest, AStepIsWrittenUnderTheOldestBuildWhoseDerivationItIs) {
  const StepId lib = step("lib");
  const StepId app = step("app", {lib});
  build(7, lib);
  build(5, lib);
  build(2, app);
  begin();
  const auto changes = book_.take_changes();
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_EQ(std::get<BuildStarted>(changes[0]).build, db::BuildId(5));
  EXPECT_EQ(std::get<BuildStarted>(changes[1]).build, db::BuildId(7));
  const auto& started = std::get<StepStarted>(changes[2]);
  EXPECT_EQ(started.step.build, db::BuildId(5));
  EXPECT_EQ(started.step.drv_path, drv_path("lib").str());
  EXPECT_EQ(started.step.machine, "ssh://b1");
  EXPECT_EQ(started.step.start, kStart);
  EXPECT_EQ(started.step.outputs.at(0).path, "/nix/store/lib");
  // QR-107
  EXPECT_EQ(std::get<StepProgressed>(changes[3]).state, db::StepState::building);
  EXPECT_EQ(std::get<StepProgressed>(changes[3]).row, started.row);
}

TEST_F(BookTest, ADependencyIsWrittenUnderTheOldestBuildThatNeedsIt) {
  const StepId lib = step("lib");
  build(9, step("a", {lib}));
  build(4, step("b", {lib}));
  begin();
  EXPECT_EQ(take<StepStarted>().at(0).step.build, db::BuildId(4));
}

// QR-108, QR-111
TEST_F(BookTest, WhatWasBuiltFinishesAllItsBuilds) {
  const StepId app = step("app");
  build(1, app);
  build(2, app);
  const auto built = end(begin_one(), std::nullopt);
  ASSERT_TRUE(built);
  EXPECT_THAT(built->builds, ElementsAre(db::BuildId(1), db::BuildId(2)));
  EXPECT_EQ(built->owner, db::BuildId(1));
  EXPECT_EQ(built->stop - built->start, seconds(5));
  const auto finished = take<StepFinished>().at(0).step;
  EXPECT_EQ(finished.status, Status::success);
  EXPECT_EQ(finished.error_message, "");
  EXPECT_EQ(finished.log_file, "log");
  EXPECT_EQ(finished.outputs.at(0).path, "/nix/store/app");
  EXPECT_FALSE(book_.find(drv_path("app")));
  book_.finished(db::BuildId(1));
  EXPECT_TRUE(book_.has(db::BuildId(2)));
}

// QR-112
TEST_F(BookTest, ADependencyReleasesWhatWaitsForIt) {
  const StepId lib = step("lib");
  build(1, step("app", {lib}));
  EXPECT_TRUE(end(begin_one(), std::nullopt)->builds.empty());
  EXPECT_EQ(begin_one().step.value(), 1U);
}

// QR-113
TEST_F(BookTest, AFailureEndsAllBuildsThatWaitForTheStep) {
  const StepId lib = step("lib");
  const StepId app = step("app", {lib});
  build(3, app);
  build(4, lib);
  build(5, lib);
  build(6, step("other"));
  sched::Assignment of_lib;
  for (const auto& assignment : begin())
    if (assignment.step == lib) of_lib = assignment;
  book_.take_changes();
  end(of_lib, FailureClass::build_failed);
  const auto changes = book_.take_changes();
  ASSERT_EQ(changes.size(), 5U);
  EXPECT_EQ(std::get<StepFinished>(changes[0]).step.build, db::BuildId(4));
  EXPECT_EQ(std::get<StepFinished>(changes[0]).step.status, Status::failed);
  EXPECT_EQ(std::get<StepFinished>(changes[0]).step.error_message, "")
      << "told for aborted steps only";
  EXPECT_THAT(std::get<FailureRemembered>(changes[1]).paths, ElementsAre("/nix/store/lib"));
  const auto& inherited = std::get<StepInherited>(changes[2]).step;
  EXPECT_EQ(inherited.build, db::BuildId(3));
  EXPECT_EQ(inherited.drv_path, drv_path("lib").str());
  EXPECT_EQ(inherited.propagated_from, db::BuildId(4));
  EXPECT_EQ(std::get<StepInherited>(changes[3]).step.build, db::BuildId(5));
  EXPECT_THAT(ends(std::get<BuildsEnded>(changes[4])),
              ElementsAre(std::pair(4, Status::failed),
                          std::pair(3, Status::dependency_failed),
                          std::pair(5, Status::failed)));
  EXPECT_EQ(book_.builds(), 1U);
}

// QR-110
TEST_F(BookTest, ATryThatIsNotTheLastEndsNoBuild) {
  build(1, step("app"));
  end(begin_one(), FailureClass::machine_lost);
  const auto finished = take<StepFinished>().at(0).step;
  EXPECT_EQ(finished.status, Status::aborted);
  EXPECT_EQ(finished.error_message, "because");
  EXPECT_TRUE(book_.has(db::BuildId(1)));
  now_ += std::chrono::hours(1);
  begin_one();
  EXPECT_EQ(take<StepStarted>().at(0).step.build, db::BuildId(1));
}

// T-6, QR-113: an outage is never remembered.
TEST_F(BookTest, AStepThatRanOutOfTriesIsAborted) {
  build(1, step("app"));
  for (int i = 0; i < 10 && book_.builds() > 0; ++i) {
    end(begin_one(), FailureClass::input_missing);
    now_ += std::chrono::hours(1);
  }
  std::vector<BuildsEnded> failed;
  for (const auto& change : book_.take_changes()) {
    EXPECT_FALSE(std::holds_alternative<FailureRemembered>(change));
    if (const auto* end = std::get_if<BuildsEnded>(&change)) failed.push_back(*end);
  }
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_THAT(ends(failed[0]), ElementsAre(std::pair(1, Status::aborted)));
}

// QR-075
TEST_F(BookTest, ABuildThatIsGoneLeavesWhatNobodyElseWants) {
  const StepId shared = step("shared");
  const StepId own = step("own", {shared});
  const StepId app = step("app", {own});
  build(1, app);
  build(2, step("other", {shared}));
  EXPECT_THAT(book_.remove(db::BuildId(1)), UnorderedElementsAre(own, app));
  EXPECT_THAT(book_.remove(db::BuildId(1)), IsEmpty());
  EXPECT_EQ(book_.builds(), 1U);
}

// QR-075, QR-091: and downwards.
TEST_F(BookTest, ABumpReachesTheSteps) {
  const StepId lib = step("lib");
  build(1, step("app", {lib}));
  book_.set_priority(db::BuildId(1), 1'700'000'000, 5);
  EXPECT_EQ(scheduler_.rank(lib).priority, 1'700'000'000);
  book_.set_priority(db::BuildId(1), 0, 5);
  EXPECT_EQ(scheduler_.rank(lib).priority, 0);
}

// QR-102, mended.
TEST_F(BookTest, AStepMayTakeAsLongAsTheMostPatientOfItsBuildsSays) {
  const StepId lib = step("lib");
  const StepId app = step("app", {lib});
  for (const auto& [id, timeout] : {std::pair(1, 10), std::pair(2, 50), std::pair(3, 20)}) {
    book_.add(WantedBuild{.id = db::BuildId(id),
                          .drv = drv_path("app"),
                          .group = group_,
                          .max_silent_time = seconds(1),
                          .timeout = seconds(timeout)},
              app);
  }
  EXPECT_EQ(book_.limits(app).timeout, seconds(50));
  EXPECT_EQ(book_.limits(app).max_silent_time, seconds(1));
  EXPECT_EQ(book_.limits(lib).timeout, seconds(36000));
}

TEST_F(BookTest, ACancelledAttemptIsWrittenAsSuch) {
  const StepId app = step("app");
  build(1, app);
  const auto assignment = begin_one();
  for (const StepId left : book_.remove(db::BuildId(1)))
    scheduler_.cancel(left);
  end(assignment, FailureClass::cancelled);
  EXPECT_EQ(take<StepFinished>().at(0).step.status, Status::cancelled);
  EXPECT_FALSE(book_.find(drv_path("app")));
}

TEST_F(BookTest, StepsThatEndedWithoutAnAttemptEndTheirBuilds) {
  const StepId app = step("app");
  build(1, app);
  const auto ended = scheduler_.abort(app, "no machine");
  book_.ended(farm::StepsEnded{.steps = ended.steps,
                               .state = sched::StepState::aborted,
                               .reason = "no machine",
                               .at = now_},
              wall_);
  const auto changes = book_.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(std::get<StepInherited>(changes[0]).step.error_message, "no machine");
  EXPECT_EQ(std::get<StepInherited>(changes[0]).step.propagated_from, std::nullopt);
  EXPECT_THAT(ends(std::get<BuildsEnded>(changes[1])), ElementsAre(std::pair(1, Status::aborted)));
}

}  // namespace
}  // namespace firn::queue
