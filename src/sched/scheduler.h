// SPDX-License-Identifier: Apache-2.0
// The scheduler: events in, decisions out. Pure: no I/O, no clock, no thread; time is passed in.
// After any event the owner calls `dispatch(now)` and carries out what it says, and again no later
// than `next_wakeup()`.
#pragma once

#include "base/units.h"
#include "sched/attempts.h"
#include "sched/census.h"
#include "sched/failure.h"
#include "sched/fleet.h"
#include "sched/ids.h"
#include "sched/phase.h"
#include "sched/rank.h"
#include "sched/ready_queues.h"
#include "sched/shares.h"
#include "sched/spec.h"
#include "sched/state.h"
#include "sched/step_books.h"
#include "sched/step_graph.h"
#include "sched/transfer_queue.h"
#include "sched/why.h"

#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace firn::sched {

/// "Start this step there." Opens an attempt, in phase `connecting`, which one of
/// `attempt_succeeded` and `attempt_failed` must end.
struct Assignment {
  StepId step;
  MachineId machine;
  AttemptId attempt;
  /// From 1.
  std::uint32_t try_number = 1;

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// What to do now, in this order.
struct Decisions {
  /// Machines to be asked whether they are back. One of `probe_succeeded` and `probe_failed`
  /// follows within a bounded time, but for machines that never take work again.
  std::vector<MachineId> probes;
  /// These may receive their outputs: they hold a transfer slot, and are in phase
  /// `receiving_outputs`, from now on.
  std::vector<AttemptId> transfers;
  std::vector<Assignment> assignments;
};

/// What became of a step when an attempt ended.
struct Verdict {
  enum class Outcome : std::uint8_t { succeeded, retry, failed, aborted, cancelled };

  Outcome outcome = Outcome::succeeded;
  StepId step;
  MachineId machine;
  std::uint32_t try_number = 1;
  /// As booked: a fixed-output step's "transient" has become "fetch failed". Nothing after success.
  std::optional<FailureClass> failure = std::nullopt;
  /// May be recorded as a failure that needs no second try.
  bool may_be_remembered = false;
  /// For `retry`: when it may start at the earliest.
  std::optional<TimePoint> retry_at = std::nullopt;
  /// For `retry`: it goes to a machine that it has not tried, while there is one.
  bool goes_elsewhere = false;
  /// Steps that depend on it, directly or not, and ended with it.
  std::vector<StepId> fallen;
  /// The machine was taken out by this attempt, until then.
  std::optional<TimePoint> machine_out_until = std::nullopt;
  /// After success: machines that failed this step, as they failed others that succeeded elsewhere,
  /// and are out until then.
  std::vector<std::pair<MachineId, TimePoint>> quarantined;
  /// Unfinished steps that nobody wants any more, because all who did have ended.
  std::vector<StepId> unclaimed;
};

/// What ended without an attempt's end: by `cancel`, `abort` or the loss of the last machine.
struct Ended {
  std::vector<StepId> steps;
  /// Steps that depend on them and ended with them.
  std::vector<StepId> fallen;
  /// Attempts of cancelled steps. They hold their slots, and their step its state, until their end
  /// is reported.
  std::vector<AttemptId> to_stop;
  /// Unfinished steps that nobody wants any more, because all who did have ended.
  std::vector<StepId> unclaimed;
};

/// What follows from a probe that was not answered.
struct FailedProbe {
  TimePoint out_until;
  /// Steps that were left without a machine that answers.
  Ended ended;
};

/// Who may pause dispatch.
enum class Pauser : std::uint8_t {
  farm,   ///< while our own store is down
  owner,  ///< whoever gives the steps; what has been built still brings its outputs back
};

/// Decides what is built where, and when again. Ids that it did not give out, and reports on
/// attempts that have ended, are a Bug.
class Scheduler {
 public:
  explicit Scheduler(Options options = {});

  /// Dependencies must have been added before; repeats do no harm. Where one has ended badly, so
  /// has the new step.
  StepId add_step(const StepSpec& spec, std::span<const StepId> dependencies);
  /// Replaces what was expected before. No effect on a step that has ended.
  void set_expected_duration(StepId step, Duration expected);

  /// Forgets a step that has ended. Its id is worth nothing from now on, but that `cancel`,
  /// `set_claims` and `set_expected_duration` take it for a step that has ended.
  void forget(StepId step);

  /// The longest chain of unfinished steps that starts with it, its own time included, by expected
  /// durations. As of the last `dispatch`.
  Duration critical_path(StepId step) const {
    return std::chrono::milliseconds(graph_.at(step).chain);
  }

  /// Its outputs were found or substituted. Not for a running step. Returns the unfinished steps
  /// that have lost their last claim.
  std::vector<StepId> complete_without_build(StepId step);
  /// Ends the step, and what depends on it, as cancelled. A running one stays so until its attempt
  /// ends; where that succeeds nevertheless, so does the step. No effect on a step that has ended.
  Ended cancel(StepId step);
  /// Gives up a step that does not run, such as an unsupported one, for a reason that people will
  /// read.
  Ended abort(StepId step, std::string reason);

  /// A group pays for the steps that its claims reach, by its share of the farm's time.
  GroupId add_group(std::uint32_t weight) { return shares_.add(weight); }

  void set_weight(GroupId group, std::uint32_t weight) { shares_.set_weight(group, weight); }

  /// Books time of an earlier run. What attempts take is booked when they end.
  void charge(GroupId group, TimePoint began, Duration time, TimePoint now) {
    shares_.charge(group, began, time, now);
  }

  /// Who has used how much.
  const Shares& shares() const { return shares_; }

  /// All claims on the step from now on, instead of those before. A claim reaches everything that
  /// the step depends on, and ends with the step. Returns the unfinished steps that have lost their
  /// last claim.
  std::vector<StepId> set_claims(StepId step, std::span<const Claim> claims);

  /// The best of the claims that reach it.
  const Rank& rank(StepId step) const { return graph_.at(step).rank; }

  MachineId add_machine(const MachineSpec& spec);
  /// A disabled machine gets no new work. What it runs goes on, and steps wait for its return.
  void set_machine_enabled(MachineId machine, bool enabled);
  /// The machine will never take work again. Steps that no other can do are aborted, unless they
  /// run; their dependents fall.
  Ended set_machine_unusable(MachineId machine, std::string reason);
  /// Books a fault seen outside any attempt. Returns the end of the back-off that it caused.
  std::optional<TimePoint> report_machine_fault(MachineId machine, TimePoint now);

  /// It answered a probe, and gets work again: one step, until that one builds.
  void probe_succeeded(MachineId machine);
  /// It did not, and is out for longer. For the steps that only such machines can take this counts
  /// as a try of the class *machine lost*: those whose tries are used up so are aborted for
  /// `reason`, unless steps wait for machines.
  FailedProbe probe_failed(MachineId machine, const std::string& reason, TimePoint now);

  /// Steps that are not forgotten.
  std::uint32_t size() const { return graph_.size(); }

  /// Everything that can be started now. Also wakes the steps and machines whose back-off has
  /// ended.
  Decisions dispatch(TimePoint now);
  /// The earliest end of a back-off; nothing where only events can change anything.
  std::optional<TimePoint> next_wakeup() const;
  /// While anybody has it paused nothing is started and no transfer slot is given.
  void pause(Pauser who, std::string reason);
  void resume(Pauser who);

  /// Forward only. `waiting_for_transfer_slot` says that the builder has finished;
  /// `receiving_outputs` is entered by a decision of `dispatch` alone; where nothing is to be
  /// received, `publishing` may follow `building`.
  void enter_phase(AttemptId id, Phase phase, TimePoint now);
  Verdict attempt_succeeded(AttemptId id, TimePoint now);
  Verdict attempt_failed(AttemptId id, FailureClass failure, TimePoint now);

  StepState state(StepId step) const { return graph_.at(step).state; }

  const Counts& counts() const { return books_.total(); }

  const std::string& name(StepId step) const { return graph_.at(step).name; }

  /// As Hydra calls the machines that it asks for; see Catalog.
  std::string machine_type(StepId step) const {
    return fleet_.catalog().hydra_name(graph_.at(step).step_class);
  }

  /// When its wait for a machine began: the one that it is in, or the one that its running attempt
  /// ended.
  TimePoint ready_since(StepId step) const { return graph_.at(step).ready_since; }

  /// The books of one machine: slots, faults, back-off.
  const Machine& machine(MachineId machine) const { return fleet_.machine(machine); }

  /// Nothing runs, and nothing will without a new event: all steps have ended, or a failure has
  /// stopped the rest.
  bool is_settled() const;
  /// Unfinished steps that no machine can do, in order of age. Looks at all steps.
  std::vector<StepId> unsupported_steps() const;
  /// Why the step is not running, as of the last dispatch. Looks at all machines: for people, not
  /// for loops.
  WhyNot why(StepId id) const;
  /// The same of all unfinished steps, counted, as of the last dispatch. Looks at all machines for
  /// each class of steps, and at no step.
  Census census(TimePoint now) const;
  /// Something that the next dispatch will start; right after one there is nothing.
  std::optional<Match> startable() const;

 private:
  void set_state(StepId id, StepState state);
  void make_ready(StepId id);
  void delay(StepId id, TimePoint until);
  void withdraw(StepId id);
  MachineSet avoided_by(StepId id) const;
  bool has_taker(StepId id) const;
  std::vector<StepId> steps_in_vain(MachineId machine) const;
  Ended abort_all(std::vector<StepId> steps, const std::string& reason);
  void end_step(StepId id, StepState state);
  void release_dependents(StepId id);
  void fell_dependents(StepId id, std::vector<StepId>& fallen);
  void inherit_end(StepId id, StepId dependency);

  Rank join(const Rank& a, const Rank& b);

  /// What a step has from above.
  struct FromAbove {
    Rank rank;
    std::uint32_t chain = 0;

    friend bool operator==(const FromAbove&, const FromAbove&) = default;
  };

  FromAbove from_above(const Step& step) const { return {.rank = step.rank, .chain = step.chain}; }

  FromAbove join(const FromAbove& a, const FromAbove& b);
  FromAbove look_above(StepId id);
  void set_from_above(StepId id, const FromAbove& found);

  /// A step of which this may have changed.
  struct Unsettled {
    std::uint32_t serial = 0;
    /// Whether it must look at all its dependents.
    bool must_look = false;
    StepId step;

    friend auto operator<=>(const Unsettled&, const Unsettled&) = default;
  };

  /// The youngest first.
  using Work = std::priority_queue<Unsettled>;

  Unsettled unsettled(StepId id, bool must_look) const {
    return {.serial = graph_.at(id).serial, .must_look = must_look, .step = id};
  }

  bool has_ended(StepId id) const;
  void pass_on(StepId id, bool is_worse, Work& work);
  /// Ranks and chains below steps that are new or have ended, or whose claims have changed, set
  /// right from above to below. Returns the steps that have lost their last claim.
  std::vector<StepId> settle();

  void wake(TimePoint now);
  void end_detours(TimePoint now);
  void note_waits(TimePoint now);
  void assign(std::vector<Assignment>& assignments, TimePoint now);
  Assignment start(QueueId queue, MachineId machine, TimePoint now);

  Attempt close(AttemptId id, TimePoint now);
  void quarantine(Verdict& verdict, TimePoint now);
  void blame(Verdict& verdict, const FailurePolicy& policy, TimePoint began, TimePoint now);
  Verdict::Outcome judge(StepId id, const FailurePolicy& policy) const;
  void try_again(Verdict& verdict, const FailurePolicy& policy, TimePoint now);

  Reason waiting_reason(StepState state, const MachineTally& tally) const;
  MachineTally tally(ClassId step_class, const MachineSet& avoided) const;
  double least_used(ClassId step_class, std::int64_t priority) const;
  void add_facts(WhyNot& why, StepId id) const;
  void add_end(WhyNot& why, StepId id) const;
  void add_machine_facts(WhyNot& why, const Step& step) const;
  void add_share(WhyNot& why, const Step& step) const;
  void add_deepest(WhyNot& why, StepId id) const;
  void add_steps(WhyNot& why, std::vector<StepId> steps) const;

  Options options_;
  Random random_;
  Fleet fleet_;
  TransferQueue transfers_;
  StepGraph graph_;
  ReadyQueues ready_;
  Shares shares_;
  // What the claims on a step itself amount to; few steps have any.
  std::unordered_map<StepId, Rank> claimed_;
  std::vector<Unsettled> unsettled_;
  Attempts attempts_;
  StepBooks books_;
  // Steps that have become ready since the last dispatch.
  std::vector<StepId> newly_ready_;
  std::set<std::pair<TimePoint, StepId>> delayed_;
  // Machines that a step failed on and is to avoid; few steps have any.
  std::unordered_map<StepId, MachineSet> tried_;
  // Machines that cannot take a step.
  std::unordered_map<StepId, MachineSet> refused_;
  // Why steps were aborted, where it was not for their tries.
  std::unordered_map<StepId, std::string> abort_reasons_;
  std::map<Pauser, std::string> pauses_;
  bool is_stopped_ = false;
  std::uint64_t seen_availability_ = 0;
};

}  // namespace firn::sched
