// SPDX-License-Identifier: Apache-2.0
// The run so far, as all views see it: names, what runs where, totals, what failed. Told by events;
// constant work for each, apart from the steps that an event names.
#pragma once

#include "base/units.h"
#include "farm/event.h"
#include "view/rate.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace firn::view {

/// An attempt that runs.
struct RunningStep {
  sched::AttemptId attempt = {};
  sched::StepId step = {};
  sched::MachineId machine = {};
  std::uint32_t try_number = 1;
  TimePoint began = {};
  sched::Phase phase = sched::Phase::connecting;
  Traffic traffic = {};
  TrafficMeter meter = {};
};

/// A place for a running step at a machine, kept while it runs: rows of a screen that do not jump.
struct Slot {
  std::optional<sched::AttemptId> attempt = {};
  /// When it was last given up.
  TimePoint free_since = {};
};

/// A machine, and what it has done for this run.
struct MachineRecord {
  /// As in the machines file: "ssh://root@b1:2222".
  std::string name = {};
  /// For people: "b1:2222", or the whole name where that would be ambiguous.
  std::string short_name = {};
  std::uint32_t max_jobs = 1;
  std::uint32_t running = 0;
  std::uint32_t built = 0;
  /// Attempts that did not end well, whether or not the step was tried again.
  std::uint32_t failed = 0;
  Traffic traffic = {};
  /// As many as ever ran at a time.
  std::vector<Slot> slots = {};
  /// Why it takes no work; empty where it does, as far as is known.
  std::string out_reason = {};
  /// When that ends; nothing = never.
  std::optional<TimePoint> out_until = {};

  bool is_out(TimePoint now) const {
    return !out_reason.empty() && (!out_until || now < *out_until);
  }
};

/// An attempt that has ended, for the line that tells of it.
struct EndedAttempt {
  sched::StepId step = {};
  sched::MachineId machine = {};
  Duration time{};
  Traffic traffic = {};
};

/// A step that was built, by how long it took.
struct SlowStep {
  sched::StepId step = {};
  sched::MachineId machine = {};
  Duration time{};
};

/// A step that failed or was aborted at the end of an attempt.
struct FailedStep {
  sched::StepId step = {};
  sched::MachineId machine = {};
  std::uint32_t try_number = 1;
  /// False: aborted, by no fault of the build.
  bool is_build_failure = true;
  std::optional<sched::FailureClass> failure = {};
  std::string message = {};
  /// The builder was started.
  bool has_built = false;
  std::string log_file = {};
  /// Kept for the first `kKeptLogTails` failures only.
  std::vector<std::string> log_tail = {};
  std::size_t fallen = 0;
  /// The first few of them.
  std::vector<sched::StepId> fallen_sample = {};
};

/// Steps that were given up without an attempt, for one reason.
struct GivenUpSteps {
  std::string reason = {};
  std::size_t count = 0;
  /// The first few of them.
  std::vector<sched::StepId> sample = {};
  /// Steps that depend on them.
  std::size_t fallen = 0;
};

/// Steps by where they stand.
struct StepTally {
  std::size_t total = 0;
  std::size_t running = 0;
  std::size_t built = 0;
  /// By their own fault or for want of a machine.
  std::size_t failed = 0;
  /// Because something they depend on failed.
  std::size_t fallen = 0;
  std::size_t cancelled = 0;

  std::size_t ended() const { return built + failed + fallen + cancelled; }

  std::size_t waiting() const { return total - ended() - running; }
};

/// Beyond these, failures are counted and not kept: memory has limits, and so have readers.
inline constexpr std::size_t kKeptFailures = 200;
inline constexpr std::size_t kKeptLogTails = 20;
inline constexpr std::size_t kSampleSize = 3;
inline constexpr std::size_t kSlowSteps = 5;

/// Never throws over an event: ids that it has not been told of have stand-in names, and what moves
/// in attempts that do not run is dropped.
class RunModel {
 public:
  void on(const farm::Event& event);

  bool is_planned() const { return is_planned_; }

  const StepTally& steps() const { return tally_; }

  std::size_t already_valid() const { return already_valid_; }

  /// Of the valid ones, those that were just fetched.
  std::size_t substituted() const { return substituted_; }

  /// In the order of the plan.
  std::span<const MachineRecord> machines() const { return machines_; }

  const MachineRecord& machine(sched::MachineId id) const;
  /// "hello-2.1".
  std::string_view step_name(sched::StepId id) const;
  /// "/nix/store/…-hello-2.1.drv".
  std::string drv_path(sched::StepId id) const;
  /// Nothing where it has ended or never was.
  const RunningStep* find_running(sched::AttemptId id) const;

  /// What the last `AttemptEnded` ended.
  const EndedAttempt& last_ended() const { return last_ended_; }

  const Traffic& traffic() const { return traffic_; }

  Traffic rate(TimePoint now) const { return meter_.rate(now); }

  /// Slowest first.
  std::span<const SlowStep> slowest() const { return slowest_; }

  /// The first `kKeptFailures`, in the order in which they failed.
  std::span<const FailedStep> failures() const { return failures_; }

  /// By reason; the first `kKeptFailures` reasons.
  std::span<const GivenUpSteps> given_up() const { return given_up_; }

  /// Somebody asked the run to stop.
  bool was_interrupted() const { return was_interrupted_; }

  bool has_ended() const { return ended_.has_value(); }

  /// From the plan to the end of the run, or to `now` while it goes on.
  Duration elapsed(TimePoint now) const;

 private:
  /// What is known about a step of the plan.
  struct StepRecord {
    std::optional<nix::DrvPath> drv;
    sched::StepState state = sched::StepState::waiting;
  };

  void apply(const farm::PlanMade& event);
  void apply(const farm::AttemptStarted& event);
  void apply(const farm::PhaseEntered& event);
  void apply(const farm::BytesMoved& event);
  void apply(const farm::AttemptEnded& event);
  void apply(const farm::MachineOut& event);
  void apply(const farm::MachineAdded& event);

  void apply(const farm::MachineNoted& /*event*/) {}

  void apply(const farm::DispatchPaused& /*event*/) {}

  void apply(const farm::DispatchResumed& /*event*/) {}

  void apply(const farm::StepsEnded& event);
  void apply(const farm::RunEnded& event);

  void add_machines(const std::vector<farm::MachineDescription>& machines);
  const StepRecord* find_step(sched::StepId id) const;
  MachineRecord* find_machine(sched::MachineId id);
  /// Ends what runs, and gives its slot back.
  EndedAttempt end(const farm::AttemptEnded& event);
  void add_traffic(RunningStep& step, const Traffic& traffic, TimePoint at);
  void set_state(sched::StepId id, sched::StepState state);
  void set_states(std::span<const sched::StepId> ids, sched::StepState state);
  void rank(const SlowStep& step);
  void give_up(const farm::StepsEnded& event);
  void keep_failure(const farm::AttemptEnded& event);

  bool is_planned_ = false;
  bool was_interrupted_ = false;
  TimePoint began_;
  std::optional<TimePoint> ended_;
  std::size_t already_valid_ = 0;
  std::size_t substituted_ = 0;
  StepTally tally_;
  // By id.
  std::vector<StepRecord> steps_;
  std::vector<MachineRecord> machines_;
  std::unordered_map<sched::MachineId, std::size_t> machine_index_;
  MachineRecord unknown_machine_{.name = "unknown machine", .short_name = "unknown machine"};
  std::unordered_map<sched::AttemptId, RunningStep> running_;
  Traffic traffic_;
  TrafficMeter meter_;
  EndedAttempt last_ended_;
  std::vector<SlowStep> slowest_;
  std::vector<FailedStep> failures_;
  std::vector<GivenUpSteps> given_up_;
  std::unordered_map<std::string, std::size_t> given_up_index_;
};

}  // namespace firn::view
