// SPDX-License-Identifier: Apache-2.0
#include "queue/status.h"

#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using db::Status;
using sched::FailureClass;

// QR-092, QR-110: only what the failure classes allow to fail a build is written as failed.
TEST(Status, AStepThatMayNotFailABuildNeverEndsAsFailed) {
  for (std::size_t i = 0; i < sched::kFailureClassCount; ++i) {
    const auto failure = static_cast<FailureClass>(i);
    const Status status = step_status(failure, true);
    if (failure == FailureClass::cancelled) {
      EXPECT_EQ(status, Status::cancelled);
    } else {
      EXPECT_EQ(status == Status::aborted, !sched::policy_of(failure).may_fail_build)
          << sched::to_string(failure);
    }
  }
}

TEST(Status, ATransientTrySaysFailedUntilTheLast) {
  EXPECT_EQ(step_status(FailureClass::transient, false), Status::failed);
  EXPECT_EQ(step_status(FailureClass::transient, true), Status::aborted);
  EXPECT_EQ(step_status(FailureClass::machine_lost, false), Status::aborted);
}

// QR-113
TEST(Status, ABuildWhoseDependencyFailedSaysSo) {
  EXPECT_EQ(build_status(Status::failed, true), Status::failed);
  EXPECT_EQ(build_status(Status::failed, false), Status::dependency_failed);
  EXPECT_EQ(build_status(Status::timed_out, false), Status::timed_out);
  EXPECT_EQ(build_status(Status::aborted, false), Status::aborted);
}

// QR-068
TEST(Status, ACachedFailureIsAFailureOfTheBuild) {
  EXPECT_EQ(build_status(Status::cached_failure, true), Status::failed);
  EXPECT_EQ(build_status(Status::cached_failure, false), Status::dependency_failed);
}

TEST(Status, PhasesAreHydrasStates) {
  EXPECT_EQ(step_state(sched::Phase::connecting), db::StepState::connecting);
  EXPECT_EQ(step_state(sched::Phase::sending_inputs), db::StepState::sending_inputs);
  EXPECT_EQ(step_state(sched::Phase::building), db::StepState::building);
  EXPECT_EQ(step_state(sched::Phase::waiting_for_transfer_slot),
            db::StepState::waiting_for_local_slot);
  EXPECT_EQ(step_state(sched::Phase::receiving_outputs), db::StepState::receiving_outputs);
  EXPECT_EQ(step_state(sched::Phase::publishing), db::StepState::post_processing);
}

}  // namespace
}  // namespace firn::queue
