// SPDX-License-Identifier: Apache-2.0
// The life of a step as people see it: one list for the scheduler, the live view, the API and
// Hydra's database.
#pragma once

#include <cstdint>
#include <string_view>

namespace firn::sched {

/// Where a step is. An attempt moves forward only; it may skip a phase that has nothing to do.
enum class Phase : std::uint8_t {
  queued,
  connecting,
  sending_inputs,
  building,
  waiting_for_transfer_slot,
  receiving_outputs,
  publishing,
  done,
};

/// The phase in words, such as "waiting for a transfer slot".
std::string_view to_string(Phase phase);

/// What Hydra writes into `BuildSteps.busy` (QR-107). 0 = not busy.
int hydra_state(Phase phase);

}  // namespace firn::sched
