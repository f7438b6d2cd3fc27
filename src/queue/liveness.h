// SPDX-License-Identifier: Apache-2.0
// Watches the whole: work and a machine that is free for it must not stay together for long. Where
// they do, firn itself is at fault, and nobody else would notice.
#pragma once

#include "base/units.h"
#include "sched/scheduler.h"

#include <chrono>
#include <optional>
#include <string>

namespace firn::queue {

/// A dispatch follows every event at once: what could have been started for so long was forgotten.
inline constexpr Duration kLongestIdleMatch = std::chrono::seconds(30);
/// Looks come so often.
inline constexpr Duration kLivenessEvery = std::chrono::seconds(2);

class Liveness {
 public:
  /// One look. Returns the alarm, with the state that explains it, once for each step that could
  /// have been started at every look for kLongestIdleMatch.
  std::optional<std::string> look(const sched::Scheduler& scheduler, TimePoint now);

 private:
  std::optional<sched::StepId> step_;
  TimePoint since_;
  TimePoint last_look_;
  bool is_told_ = false;
};

}  // namespace firn::queue
