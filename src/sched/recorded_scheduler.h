// SPDX-License-Identifier: Apache-2.0
// The scheduler as the farm uses it: every call that changes it can be written to a journal, from
// which `firn simulate --replay` does the same again.
#pragma once

#include "sched/journal.h"
#include "sched/scheduler.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace firn::sched {

/// A call that adds to the scheduler or changes it is written down here, or a replay decides
/// otherwise. Questions are the scheduler's own.
class RecordedScheduler : public Scheduler {
 public:
  /// The journal is borrowed; none = nothing is written.
  explicit RecordedScheduler(const Options& options = {}, Journal* journal = nullptr);

  using Scheduler::add_group;

  GroupId add_group(std::uint32_t weight);
  void set_weight(GroupId group, std::uint32_t weight);
  void charge(GroupId group, TimePoint began, Duration time, TimePoint now);

  StepId add_step(const StepSpec& spec, std::span<const StepId> dependencies);
  std::vector<StepId> set_claims(StepId step, std::span<const Claim> claims);
  void set_expected_duration(StepId step, Duration expected);
  void forget(StepId step);
  std::vector<StepId> complete_without_build(StepId step);
  Ended cancel(StepId step);
  Ended abort(StepId step, std::string reason);

  MachineId add_machine(const MachineSpec& spec);
  void set_machine_enabled(MachineId machine, bool enabled);
  Ended set_machine_unusable(MachineId machine, std::string reason);
  std::optional<TimePoint> report_machine_fault(MachineId machine, TimePoint now);
  void probe_succeeded(MachineId machine);
  FailedProbe probe_failed(MachineId machine, const std::string& reason, TimePoint now);

  Decisions dispatch(TimePoint now);
  void pause(Pauser who, std::string reason);
  void resume(Pauser who);
  void enter_phase(AttemptId id, Phase phase, TimePoint now);
  Verdict attempt_succeeded(AttemptId id, TimePoint now);
  Verdict attempt_failed(AttemptId id, FailureClass failure, TimePoint now);

 private:
  Journal* journal_;
};

}  // namespace firn::sched
