// SPDX-License-Identifier: Apache-2.0
// What runs: one record per open attempt, found by an id that tells a late report from a current
// one.
#pragma once

#include "base/units.h"
#include "sched/ids.h"
#include "sched/machine.h"
#include "sched/phase.h"

#include <cstdint>
#include <vector>

namespace firn::sched {

/// One step on one machine, from its assignment to its end.
struct Attempt {
  AttemptId id;
  StepId step;
  MachineId machine;
  std::uint32_t try_number = 1;
  Phase phase = Phase::connecting;
  Holding holding = Holding::build_slot;
  TimePoint began;
  TimePoint phase_began;
};

/// The open attempts. An id is a serial number and the record's index, so that records are reused
/// and ids are not.
class Attempts {
 public:
  Attempt& open(StepId step, MachineId machine, std::uint32_t try_number, TimePoint now);
  /// Throws Bug where the attempt has ended or never was.
  Attempt& at(AttemptId id);
  const Attempt& at(AttemptId id) const;
  /// Ends the attempt and returns its record as it was.
  Attempt close(AttemptId id);

 private:
  std::uint64_t last_serial_ = 0;
  std::vector<Attempt> records_;
  std::vector<std::uint32_t> unused_;
};

}  // namespace firn::sched
