// SPDX-License-Identifier: Apache-2.0
// What an operator decided about machines, kept over restarts: `firn queue machines`.
#pragma once

#include "base/units.h"
#include "db/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

enum class MachineState : std::uint8_t {
  enabled,   ///< as without an entry
  draining,  ///< finishes what it has and takes nothing new
  disabled,  ///< out of use
};

struct MachineDecision {
  /// The machine's store URI as the machines file has it.
  std::string name;
  MachineState state = MachineState::enabled;
  std::string reason{};
  /// Then it is enabled again.
  std::optional<WallTime> until{};
};

/// Posted. `enabled` removes the entry.
void set_machine_state(Transaction& transaction, const MachineDecision& decision);

/// All that are not enabled.
std::vector<MachineDecision> machine_states(Transaction& transaction);

}  // namespace firn::db
