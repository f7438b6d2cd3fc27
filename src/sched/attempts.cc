// SPDX-License-Identifier: Apache-2.0
#include "sched/attempts.h"

#include "base/error.h"

#include <utility>

#include <fmt/format.h>

namespace firn::sched {

namespace {

// 16 million attempts at a time, and a million million in all.
constexpr unsigned kIndexBits = 24;
constexpr std::uint64_t kIndexMask = (1U << kIndexBits) - 1;

}  // namespace

Attempt& Attempts::open(StepId step, MachineId machine, std::uint32_t try_number, TimePoint now) {
  if (unused_.empty()) {
    FIRN_CHECK(records_.size() <= kIndexMask);
    unused_.push_back(static_cast<std::uint32_t>(records_.size()));
    records_.emplace_back();
  }
  const std::uint32_t index = unused_.back();
  unused_.pop_back();
  records_[index] = Attempt{
      .id = AttemptId(++last_serial_ << kIndexBits | index),
      .step = step,
      .machine = machine,
      .try_number = try_number,
      .began = now,
      .phase_began = now,
  };
  return records_[index];
}

const Attempt& Attempts::at(AttemptId id) const {
  const std::uint64_t index = id.value() & kIndexMask;
  if (index >= records_.size() || records_[index].id != id || id == AttemptId()) {
    throw Bug(fmt::format("attempt {:#x} is not open: it was reported twice, or never assigned",
                          id.value()));
  }
  return records_[index];
}

Attempt& Attempts::at(AttemptId id) {
  return const_cast<Attempt&>(std::as_const(*this).at(id));
}

Attempt Attempts::close(AttemptId id) {
  const Attempt closed = at(id);
  const auto index = static_cast<std::uint32_t>(id.value() & kIndexMask);
  records_[index].id = AttemptId();
  unused_.push_back(index);
  return closed;
}

}  // namespace firn::sched
