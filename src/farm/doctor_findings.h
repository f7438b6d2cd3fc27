// SPDX-License-Identifier: Apache-2.0
// From what a machine says of itself to what a person should do about it. Pure.
#pragma once

#include "base/units.h"
#include "farm/doctor.h"
#include "farm/machine_facts.h"
#include "nix/machines.h"

#include <set>
#include <string>
#include <vector>

namespace firn::farm {

/// The checks "systems", "space", "inodes", "clock" and "keepalive". `systems` is what the machine
/// is declared for; `now` is our clock when the facts were told.
std::vector<Check> judge_facts(const MachineFacts& facts,
                               const nix::Machine& machine,
                               const std::set<std::string>& systems,
                               WallTime now);

/// The check "login": how long a session takes to begin.
Check judge_greeting(Duration took);

}  // namespace firn::farm
