// SPDX-License-Identifier: Apache-2.0
#include "db/steps.h"

#include "support/queue_rows.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::at;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StepsTest : public firn::testing::QueueTest {
 protected:
  std::vector<StepNr> create(const std::vector<NewStep>& steps) {
    return in_transaction(
        [&](Transaction& transaction) { return create_steps(transaction, steps); });
  }

  std::vector<bool> finish(const std::vector<FinishedStep>& steps) {
    return in_transaction(
        [&](Transaction& transaction) { return finish_steps(transaction, steps); });
  }

  std::vector<bool> set_states(const std::vector<StepProgress>& steps) {
    return in_transaction(
        [&](Transaction& transaction) { return set_step_states(transaction, steps); });
  }

  static NewStep step_of(BuildId build) {
    return {.build = build,
            .type = StepType::build,
            .drv_path = "/nix/store/a.drv",
            .system = "x86_64-linux",
            .machine = "ssh://b1",
            .start = at(100),
            .outputs = {{"dev", std::nullopt}, {"out", "/nix/store/a"}},
            .status = {},
            .stop = {},
            .propagated_from = {}};
  }

  static FinishedStep end_of(BuildId build, StepNr step, Status status) {
    return {.build = build,
            .step = step,
            .status = status,
            .start = at(100),
            .stop = at(130),
            .machine = "ssh://b2"};
  }

  BuildId a_ = add("a");
};

// QR-105, T-21.
TEST_F(StepsTest, AreNumberedWithinTheirBuilds) {
  const auto b = add("b");
  connection().listen("step_started");
  EXPECT_THAT(create({step_of(a_), step_of(b), step_of(a_)}),
              ElementsAre(StepNr(1), StepNr(1), StepNr(2)));
  EXPECT_THAT(create({step_of(a_)}), ElementsAre(StepNr(3)));
  EXPECT_EQ(ask("select type || ' ' || drvPath || ' ' || busy || ' ' || startTime || ' ' || system "
                "|| ' ' || machine as x from BuildSteps where build = $1 and stepnr = 2 "
                "and status is null and stopTime is null and errorMsg is null "
                "and propagatedFrom is null",
                a_),
            "0 /nix/store/a.drv 1 100 x86_64-linux ssh://b1");
  EXPECT_EQ(ask("select coalesce(path, 'unknown') as x from BuildStepOutputs "
                "where build = $1 and stepnr = 2 and name = 'dev'",
                a_),
            "unknown");
  EXPECT_EQ(ask("select path as x from BuildStepOutputs "
                "where build = $1 and stepnr = 2 and name = 'out'",
                a_),
            "/nix/store/a");
  EXPECT_THAT(connection().take_notifications(), SizeIs(4));
}

TEST_F(StepsTest, ThatAreOverAtOnceAreNotStarted) {
  connection().listen("step_started");
  auto cached = step_of(a_);
  cached.status = Status::cached_failure;
  cached.start = cached.stop = at(50);
  cached.machine = "";
  cached.error_message = "why";
  cached.propagated_from = a_;
  create({cached});
  EXPECT_EQ(ask("select busy || ' ' || status || ' ' || startTime || ' ' || stopTime || ' ' || "
                "errorMsg || ' [' || machine || ']' as x from BuildSteps "
                "where propagatedFrom = build"),
            "0 8 50 50 why []");
  EXPECT_THAT(connection().take_notifications(), IsEmpty());
}

// QR-106, T-12.
TEST_F(StepsTest, SayWhatTheyDoWhileTheyRun) {
  const auto numbers = create({step_of(a_), step_of(a_)});
  finish({end_of(a_, numbers[1], Status::success)});
  EXPECT_THAT(
      set_states({{.build = a_, .step = numbers[0], .state = StepState::building},
                  {.build = a_, .step = numbers[1], .state = StepState::building},
                  {.build = BuildId(999), .step = StepNr(1), .state = StepState::building}}),
      ElementsAre(true, false, false));
  EXPECT_EQ(ask("select busy as x from BuildSteps where stepnr = 1"), "30");
  EXPECT_EQ(ask("select busy as x from BuildSteps where stepnr = 2"), "0");
}

// QR-108.
TEST_F(StepsTest, HaveTheirEndsWritten) {
  connection().listen("step_finished");
  const auto numbers = create({step_of(a_), step_of(a_)});
  auto good = end_of(a_, numbers[0], Status::success);
  good.outputs = {{"dev", "/nix/store/a-dev"}, {"out", "/nix/store/a"}};
  good.overhead = std::chrono::milliseconds(1234);
  good.times_built = 2;
  good.log_file = "/var/log/ab/c.drv";
  auto bad = end_of(a_, numbers[1], Status::aborted);
  bad.outputs = good.outputs;
  bad.error_message = "no space left";
  EXPECT_THAT(finish({good, bad, end_of(a_, StepNr(9), Status::failed)}),
              ElementsAre(true, true, false));
  EXPECT_EQ(ask("select busy || ' ' || status || ' ' || startTime || ' ' || stopTime || ' ' || "
                "machine || ' ' || overhead || ' ' || timesBuilt as x from BuildSteps "
                "where stepnr = 1 and errorMsg is null and not isNonDeterministic"),
            "0 0 100 130 ssh://b2 1234 2");
  EXPECT_EQ(ask("select status || ' ' || errorMsg as x from BuildSteps where stepnr = 2 "
                "and overhead is null and timesBuilt is null and isNonDeterministic is null"),
            "3 no space left");
  EXPECT_EQ(ask("select path as x from BuildStepOutputs where stepnr = 1 and name = 'dev'"),
            "/nix/store/a-dev");
  EXPECT_EQ(ask("select path as x from BuildStepOutputs where stepnr = 2 and name = 'dev'"),
            "NULL");
  const auto build = std::to_string(a_.value());
  EXPECT_THAT(connection().take_notifications(),
              ElementsAre(Notification{"step_finished", build + "\t1\t/var/log/ab/c.drv"},
                          Notification{"step_finished", build + "\t2\t-"}));
}

// QR-011.
TEST_F(StepsTest, LeftRunningAreAbortedWithATime) {
  const auto numbers = create({step_of(a_), step_of(a_), step_of(a_)});
  finish({end_of(a_, numbers[1], Status::success)});
  EXPECT_EQ(in_transaction([](Transaction& tx) { return clear_busy(tx, at(500)); }), 2);
  EXPECT_EQ(ask("select count(*) as x from BuildSteps where busy = 0 and status = 3 "
                "and stopTime = 500"),
            "2");
}

// QR-069: an output that another step of the same build made is not blamed on that build's failure.
TEST_F(StepsTest, BlameTheBuildWhoseStepFailed) {
  const auto b = add("b");
  const auto find = [&](std::string_view drv_path, const std::vector<StepOutput>& outputs) {
    return in_transaction(
        [&](Transaction& tx) { return find_propagated_from(tx, drv_path, outputs); });
  };
  auto other = step_of(b);
  other.drv_path = "/nix/store/b.drv";
  other.outputs = {{"out", "/nix/store/b"}};
  const auto numbers = create({step_of(a_), other, step_of(b)});
  finish({end_of(a_, numbers[0], Status::failed),
          end_of(b, numbers[1], Status::failed),
          end_of(b, numbers[2], Status::success)});
  EXPECT_EQ(find("/nix/store/a.drv", {}), a_);
  EXPECT_EQ(find("/nix/store/x.drv", {{"dev", std::nullopt}, {"out", "/nix/store/a"}}), a_);
  EXPECT_EQ(find("/nix/store/x.drv", {{"out", "/nix/store/b"}}), b);
  EXPECT_EQ(find("/nix/store/x.drv", {{"out", "/nix/store/x"}}), std::nullopt);
}

// QR-081.
TEST_F(StepsTest, ChargeTheirJobset) {
  const auto numbers = create({step_of(a_), step_of(a_), step_of(a_)});
  auto backwards = end_of(a_, numbers[1], Status::failed);
  backwards.stop = at(90);
  finish({end_of(a_, numbers[0], Status::success), backwards});
  const auto jobset = connection().execute("select id from Jobsets").only().get<JobsetId>("id");
  const auto since = [&](JobsetId of, WallTime time) {
    return in_transaction([&](Transaction& tx) { return step_seconds_since(tx, of, time); });
  };
  const auto steps = since(jobset, at(99));
  ASSERT_THAT(steps, SizeIs(2));
  EXPECT_EQ(steps[0].duration + steps[1].duration, seconds(30));
  EXPECT_THAT(since(jobset, at(100)), SizeIs(1));
  EXPECT_THAT(since(JobsetId(jobset.value() + 1), at(0)), IsEmpty());
}

TEST_F(StepsTest, AThousandAreWrittenAsOneGroup) {
  const auto numbers = create(std::vector<NewStep>(1000, step_of(a_)));
  EXPECT_EQ(numbers.back(), StepNr(1000));
  std::vector<FinishedStep> ends;
  ends.reserve(numbers.size());
  for (const auto number : numbers)
    ends.push_back(end_of(a_, number, Status::success));
  finish(ends);
  EXPECT_EQ(ask("select count(*) as x from BuildSteps where status = 0"), "1000");
}

}  // namespace
}  // namespace firn::db
