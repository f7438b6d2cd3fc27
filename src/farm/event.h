// SPDX-License-Identifier: Apache-2.0
// What happens on the farm while it works, as values: the one source of the live view, of plain
// lines and of JSON.
#pragma once

#include "base/units.h"
#include "nix/store_path.h"
#include "sched/failure.h"
#include "sched/ids.h"
#include "sched/phase.h"
#include "sched/scheduler.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace firn::farm {

/// A machine as the run sees it.
struct MachineDescription {
  sched::MachineId id;
  /// As in the machines file, without parameters: "ssh://b1", "localhost".
  std::string name;
  std::uint32_t max_jobs = 1;
};

/// A step that is to be built.
struct StepDescription {
  sched::StepId id;
  nix::DrvPath drv;
  std::string system;
};

/// The graph is known and compared with what is there. Comes once, first.
struct PlanMade {
  std::vector<MachineDescription> machines;
  /// In an order in which dependencies come first.
  std::vector<StepDescription> steps;
  /// Derivations whose outputs are there, of those that were looked at.
  std::size_t already_valid = 0;
  /// Of these, how many were fetched from substituters just now.
  std::size_t substituted = 0;
  TimePoint at;
};

/// A machine has begun to work on a step, in phase `connecting`.
struct AttemptStarted {
  sched::AttemptId attempt;
  sched::StepId step;
  sched::MachineId machine;
  std::uint32_t try_number = 1;
  TimePoint at;
};

struct PhaseEntered {
  sched::AttemptId attempt;
  sched::Phase phase = sched::Phase::queued;
  TimePoint at;
};

/// Bytes that an attempt has moved so far. Comes a few times a second while they move.
struct BytesMoved {
  sched::AttemptId attempt;
  ByteCount sent;
  ByteCount received;
  TimePoint at;
};

/// Time spent and bytes moved in one phase.
struct PhaseCost {
  Duration time{};
  ByteCount bytes;
};

inline constexpr std::size_t kPhases = static_cast<std::size_t>(sched::Phase::done) + 1;

/// An attempt is over, and perhaps its step.
struct AttemptEnded {
  sched::AttemptId attempt;
  /// What it means for the step: succeeded, retry, failed, aborted, cancelled; and who falls with
  /// it.
  sched::Verdict verdict;
  /// Why, for people; empty on success.
  std::string message;
  /// By phase; phases that were not entered are zero.
  std::array<PhaseCost, kPhases> costs{};
  /// Empty where the build printed nothing.
  std::string log_file;
  /// The last lines of the log of a build that did not succeed.
  std::vector<std::string> log_tail;
  TimePoint at;
};

/// A machine does not take work until a moment, or (without one) any more.
struct MachineOut {
  sched::MachineId machine;
  std::string reason;
  std::optional<TimePoint> until;
  TimePoint at;
  /// It is no longer in the machines file.
  bool is_leaving = false;
};

/// The machines file has changed: another machine takes work.
struct MachineAdded {
  MachineDescription machine;
  TimePoint at;
};

/// Our own store does not answer. Until it does no step is started, and no output comes back.
struct DispatchPaused {
  std::string reason;
  TimePoint at;
};

/// It answers again.
struct DispatchResumed {
  TimePoint at;
};

/// Something about a machine that people should know, and that keeps nobody from working there.
struct MachineNoted {
  sched::MachineId machine;
  /// Without the machine's name.
  std::string note;
  TimePoint at;
};

/// Steps that ended without an attempt of their own: cancelled, or aborted because no machine is
/// left.
struct StepsEnded {
  std::vector<sched::StepId> steps;
  sched::StepState state = sched::StepState::cancelled;
  std::string reason;
  TimePoint at;
};

/// Everything has ended. Comes once, last.
struct RunEnded {
  sched::Counts counts;
  bool interrupted = false;
  TimePoint at;
};

using Event = std::variant<PlanMade,
                           AttemptStarted,
                           PhaseEntered,
                           BytesMoved,
                           AttemptEnded,
                           MachineOut,
                           MachineAdded,
                           MachineNoted,
                           DispatchPaused,
                           DispatchResumed,
                           StepsEnded,
                           RunEnded>;

/// Whoever shows or records events. Called on the loop; must not block for long and must not throw.
class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  virtual void on(const Event& event) = 0;
};

/// Tells of steps that ended in `state`, and of those that fell with them.
void tell_ended(EventSink& events,
                const sched::Ended& ended,
                sched::StepState state,
                std::string reason,
                TimePoint at);

}  // namespace firn::farm
