// SPDX-License-Identifier: Apache-2.0
// What a new list of machines means where an old one is in use. Pure.
#pragma once

#include "nix/machines.h"

#include <cstddef>
#include <span>
#include <vector>

namespace firn::farm {

/// A machine under the name of one that was there, and something else about it is different.
struct ChangedMachine {
  /// Its place in the old list.
  std::size_t before = 0;
  nix::Machine after;
};

struct MachineChanges {
  std::vector<nix::Machine> added;
  /// Places in the old list.
  std::vector<std::size_t> removed;
  std::vector<ChangedMachine> changed;
};

/// Order does not matter. A list may name a machine several times, such as once for each system:
/// equal lines are paired first, then lines of one name, in their order.
MachineChanges changes_between(std::span<const nix::Machine> before,
                               std::span<const nix::Machine> after);

}  // namespace firn::farm
