// SPDX-License-Identifier: Apache-2.0
// Every call into a scheduler, and what it decided, as lines of JSON: what `firn simulate --replay`
// does again. What is in a line is said by the reader, sim/replay.cc.
#pragma once

#include "base/units.h"
#include "sched/failure.h"
#include "sched/ids.h"
#include "sched/phase.h"
#include "sched/rank.h"
#include "sched/spec.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace firn::sched {

struct Decisions;

/// Writes one line for each call, without its end. Lines are as long as what the owner of the
/// scheduler gave it.
class Journal {
 public:
  using Sink = std::function<void(std::string_view line)>;

  explicit Journal(Sink sink) : sink_(std::move(sink)) {}

  void begin(const Options& options);
  void add_step(const StepSpec& spec, std::span<const StepId> dependencies, StepId given);
  void add_machine(const MachineSpec& spec, MachineId given);
  void add_group(std::uint32_t weight, GroupId given);
  void set_weight(GroupId group, std::uint32_t weight);
  void charge(GroupId group, TimePoint began, Duration time, TimePoint now);
  void set_claims(StepId step, std::span<const Claim> claims);
  void set_expected_duration(StepId step, Duration expected);
  /// `call` has only a step: "forget", "complete_without_build", "cancel".
  void on_step(std::string_view call, StepId step);
  void abort(StepId step, std::string_view reason);
  void set_machine_enabled(MachineId machine, bool enabled);
  void set_machine_unusable(MachineId machine, std::string_view reason);
  void report_machine_fault(MachineId machine, TimePoint now);
  void probe_succeeded(MachineId machine);
  void probe_failed(MachineId machine, std::string_view reason, TimePoint now);
  /// `who` as a number: a Pauser.
  void pause(std::uint8_t who, std::string_view reason);
  void resume(std::uint8_t who);
  void enter_phase(AttemptId attempt, Phase phase, TimePoint now);
  void attempt_succeeded(AttemptId attempt, TimePoint now);
  void attempt_failed(AttemptId attempt, FailureClass failure, TimePoint now);
  void dispatch(TimePoint now, const Decisions& decisions);

 private:
  Sink sink_;
};

}  // namespace firn::sched
