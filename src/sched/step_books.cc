// SPDX-License-Identifier: Apache-2.0
#include "sched/step_books.h"

#include <algorithm>

namespace firn::sched {

namespace {

std::chrono::milliseconds since_epoch(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
}

}  // namespace

void StepBooks::add(ClassId step_class) {
  classes_.resize(std::max<std::size_t>(classes_.size(), step_class.value() + 1U));
  ++classes_[step_class.value()].counts.waiting;
  ++total_.waiting;
}

void StepBooks::move(ClassId step_class, StepState from, StepState to) {
  Counts& counts = classes_[step_class.value()].counts;
  --counts.of(from);
  ++counts.of(to);
  --total_.of(from);
  ++total_.of(to);
}

void StepBooks::begin_wait(ClassId step_class, TimePoint since) {
  Class& books = classes_[step_class.value()];
  ++books.waits;
  books.began += since_epoch(since);
  ++waits_[std::chrono::floor<std::chrono::seconds>(since)];
}

void StepBooks::end_wait(ClassId step_class, TimePoint since) {
  Class& books = classes_[step_class.value()];
  --books.waits;
  books.began -= since_epoch(since);
  const auto second = waits_.find(std::chrono::floor<std::chrono::seconds>(since));
  if (--second->second == 0) waits_.erase(second);
}

Duration StepBooks::waited(ClassId step_class, TimePoint now) const {
  const Class& books = classes_.at(step_class.value());
  return since_epoch(now) * books.waits - books.began;
}

std::optional<TimePoint> StepBooks::longest_wait() const {
  if (waits_.empty()) return std::nullopt;
  return waits_.begin()->first;
}

}  // namespace firn::sched
