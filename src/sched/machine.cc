// SPDX-License-Identifier: Apache-2.0
#include "sched/machine.h"

#include <algorithm>

namespace firn::sched {

Holding holding_in(Phase phase, Holding now) {
  switch (phase) {
    case Phase::queued:
    case Phase::done:
      return Holding::nothing;
    case Phase::connecting:
    case Phase::sending_inputs:
    case Phase::building:
      return Holding::build_slot;
    case Phase::waiting_for_transfer_slot:
      return Holding::place_in_line;
    case Phase::receiving_outputs:
      return Holding::transfer_slot;
    case Phase::publishing:
      return now == Holding::transfer_slot ? now : Holding::nothing;
  }
  return Holding::nothing;
}

std::uint32_t Machine::occupied() const {
  const std::uint32_t waiting = finished();
  return holders(Holding::build_slot) + (waiting > max_jobs ? waiting - max_jobs : 0);
}

Standing Machine::standing() const {
  if (!unusable_reason.empty()) return Standing::unusable;
  if (!is_enabled) return Standing::disabled;
  if (back_off_until) return Standing::backing_off;
  if (probing != Probing::no) return Standing::probed;
  if (occupied() < (is_on_trial ? std::min(1U, max_jobs) : max_jobs)) return Standing::free;
  if (is_on_trial && occupied() < max_jobs) return Standing::on_trial;
  return finished() > max_jobs ? Standing::needs_transfer : Standing::full;
}

}  // namespace firn::sched
