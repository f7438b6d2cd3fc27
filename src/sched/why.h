// SPDX-License-Identifier: Apache-2.0
// Why a step is not running: one enumerated reason with its facts, and one sentence for it, the
// same everywhere.
#pragma once

#include "base/units.h"
#include "sched/failure.h"
#include "sched/ids.h"
#include "sched/phase.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sched {

/// What keeps a step from running, most fundamental first: of several, the first is told.
enum class Reason : std::uint8_t {
  succeeded,
  failed,
  aborted,
  dependency_failed,
  cancelled,
  running,                 ///< nothing does
  unsupported,             ///< no machine has its system and features
  machines_unusable,       ///< those that do have been given up
  dependencies,            ///< waits for other steps
  stopped,                 ///< a build failed, and keep-going is off
  paused,                  ///< dispatch is paused, such as while the destination is down
  backing_off,             ///< its own retry is not due yet
  machines_full,           ///< all that could take it now are busy
  share_used,              ///< the same, and others who wait have used less of their share
  machines_need_transfer,  ///< they are full of finished steps that wait for a transfer slot
  machines_backing_off,    ///< they are in back-off after faults of their own, or asked whether
                           ///< they are back
  machines_disabled,       ///< somebody switched them off
  next,                    ///< a slot is free: the next dispatch starts it
};

/// The reason as JSON sees it, such as "machines_full".
std::string_view to_string(Reason reason);

inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::next) + 1;

/// How the machines that have the step's system and features stand.
struct MachineTally {
  std::uint32_t able = 0;
  std::uint32_t full = 0;
  /// Back after faults, with one slot open, which is taken.
  std::uint32_t on_trial = 0;
  std::uint32_t need_transfer = 0;
  std::uint32_t backing_off = 0;
  /// Asked whether they are back.
  std::uint32_t probed = 0;
  std::uint32_t disabled = 0;
  std::uint32_t unusable = 0;
  /// Free, but the step failed there and is to go elsewhere first.
  std::uint32_t tried = 0;
  std::uint32_t free = 0;

  friend bool operator==(const MachineTally&, const MachineTally&) = default;
};

/// A reason and its facts. Self-contained: names are copied, nothing refers to the scheduler.
struct WhyNot {
  Reason reason = Reason::next;
  /// Unfinished dependencies (all of them), or the step whose end ended this one, unless that is
  /// forgotten.
  std::vector<StepId> steps;
  /// Names of the first few of `steps`.
  std::vector<std::string> step_names;
  /// For dependencies: those of dependencies counted as well, and the one that most of them build
  /// on: so many levels below this step, 1 = one of `steps`.
  std::size_t all_dependencies = 0;
  std::optional<StepId> deepest = std::nullopt;
  std::string deepest_name;
  std::size_t depth = 0;
  /// Where it runs, or the machine nearest to being able to.
  std::string machine;
  /// What is asked for and what the nearest machine lacks or insists on; or the words of an abort,
  /// a pause, a given-up machine.
  std::string needs;
  std::string detail;
  Phase phase = Phase::queued;
  /// Tries so far, and the class of the last one that failed.
  std::uint32_t tries = 0;
  std::optional<FailureClass> last_failure = std::nullopt;
  /// When back-off ends: the step's own, or that of the first machine; nothing for a machine that
  /// is being probed.
  std::optional<TimePoint> until = std::nullopt;
  MachineTally machines;
  /// For a share that is used up: seconds of the farm by share, its own, and the least of others
  /// who wait for the same machines.
  double share_used = 0;
  double least_share_used = 0;
};

/// One sentence without a full stop, such as "waits for 2 steps: glibc-2.38, gcc-13.2".
std::string explain(const WhyNot& why, TimePoint now);

}  // namespace firn::sched
