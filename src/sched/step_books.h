// SPDX-License-Identifier: Apache-2.0
// How many steps of each class stand where, and how long those that wait for a machine have done
// so: kept up as they move, so that nobody has to look at all of them.
#pragma once

#include "base/units.h"
#include "sched/catalog.h"
#include "sched/state.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace firn::sched {

class StepBooks {
 public:
  /// A step was added, and waits for others.
  void add(ClassId step_class);
  void move(ClassId step_class, StepState from, StepState to);

  std::size_t classes() const { return classes_.size(); }

  const Counts& total() const { return total_; }

  /// Of a class that a step was added of.
  const Counts& of(ClassId step_class) const { return classes_.at(step_class.value()).counts; }

  /// A step waits for a machine, and has done so since then.
  void begin_wait(ClassId step_class, TimePoint since);
  /// It does so no longer; `since` as before.
  void end_wait(ClassId step_class, TimePoint since);

  /// How long those of the class that wait have done so, added up.
  Duration waited(ClassId step_class, TimePoint now) const;
  /// Since when the one that waits longest does, to the second.
  std::optional<TimePoint> longest_wait() const;

 private:
  using Milliseconds = std::chrono::milliseconds;
  using Second = std::chrono::time_point<std::chrono::steady_clock, std::chrono::seconds>;

  struct Class {
    Counts counts;
    std::int64_t waits = 0;
    /// Of the moments at which they began.
    Milliseconds began{};
  };

  Counts total_;
  std::vector<Class> classes_;
  std::map<Second, std::uint32_t> waits_;
};

}  // namespace firn::sched
