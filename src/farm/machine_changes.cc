// SPDX-License-Identifier: Apache-2.0
#include "farm/machine_changes.h"

#include "farm/machine_access.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace firn::farm {

namespace {

/// Takes the first of `places` whose machine `is_it`.
template <class IsIt>
std::optional<std::size_t> take(std::vector<std::size_t>& places,
                                std::span<const nix::Machine> machines,
                                IsIt is_it) {
  const auto found =
      std::ranges::find_if(places, [&](std::size_t place) { return is_it(machines[place]); });
  if (found == places.end()) return std::nullopt;
  const std::size_t place = *found;
  places.erase(found);
  return place;
}

}  // namespace

MachineChanges changes_between(std::span<const nix::Machine> before,
                               std::span<const nix::Machine> after) {
  MachineChanges changes;
  changes.removed.resize(before.size());
  std::iota(changes.removed.begin(), changes.removed.end(), 0);
  std::vector<const nix::Machine*> different;
  for (const auto& machine : after) {
    const auto same =
        take(changes.removed, before, [&](const auto& other) { return other == machine; });
    if (!same) different.push_back(&machine);
  }
  for (const auto* machine : different) {
    const auto namesake = take(changes.removed, before, [&](const auto& other) {
      return name_of(other) == name_of(*machine);
    });
    if (namesake) {
      changes.changed.push_back({.before = *namesake, .after = *machine});
    } else {
      changes.added.push_back(*machine);
    }
  }
  return changes;
}

}  // namespace firn::farm
