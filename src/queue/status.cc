// SPDX-License-Identifier: Apache-2.0
#include "queue/status.h"

namespace firn::queue {

using db::Status;

Status step_status(sched::FailureClass failure, bool is_last) {
  using enum sched::FailureClass;
  switch (failure) {
    case build_failed:
    case fetch_failed:
      return Status::failed;
    case timed_out:
    case silent_too_long:
    case silent_by_our_clock:
      return Status::timed_out;
    case log_too_big:
      return Status::log_limit_exceeded;
    case output_too_big:
      return Status::nar_size_limit_exceeded;
    case not_deterministic:
      return Status::not_deterministic;
    case cancelled:
      return Status::cancelled;
    case transient:
      // QR-110: such a try says "failed"; a step that ran out of tries is aborted nevertheless.
      return is_last ? Status::aborted : Status::failed;
    default:
      return Status::aborted;
  }
}

Status build_status(Status step, bool is_top) {
  if (step == Status::cached_failure) return is_top ? Status::failed : Status::dependency_failed;
  return step == Status::failed && !is_top ? Status::dependency_failed : step;
}

db::StepState step_state(sched::Phase phase) {
  return static_cast<db::StepState>(sched::hydra_state(phase));
}

}  // namespace firn::queue
