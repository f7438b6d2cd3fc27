// SPDX-License-Identifier: Apache-2.0
// How long each wait of an attempt may take. "Stall" is time in which no byte moves.
#pragma once

#include "base/units.h"
#include "store/limits.h"

#include <chrono>

namespace firn::farm {

struct Limits {
  /// A session from nothing: ssh, the login shell, the greeting, and others that are opened first.
  Duration connecting = std::chrono::seconds(90);
  /// A question about paths.
  Duration query_stall = std::chrono::minutes(2);
  /// The same while the machine says that its garbage collector keeps it waiting (Nix before 2.5).
  Duration garbage_collection = std::chrono::hours(1);
  Duration sending_stall = std::chrono::minutes(5);
  /// Another step sends the same path to the same machine, under a watchdog of its own.
  Duration shared_input = std::chrono::hours(6);
  /// What a machine that does not trust us fetches from its own substituters; it says nothing
  /// meanwhile.
  Duration substitution = std::chrono::hours(6);
  /// A builder that was told a limit of the build gets so much longer to enforce it itself: its
  /// word is better than ours. It never says when a build begins, and it is silent while it waits
  /// for a lock or registers a big output. How big that is nobody knows while it builds; big ones,
  /// such as images of disks, are made of the inputs, so the grace grows with their size.
  store::Patience build_grace{.base = std::chrono::minutes(10), .rate = 4_MiB};
  /// Where the user sets no limit, Nix has none. This one only bounds what nobody will wait for.
  Duration build_ceiling = std::chrono::days(14);
  /// The end of a failed build's log, after the verdict.
  Duration log_end = std::chrono::seconds(15);
  /// Behind others that receive, each under a watchdog of its own.
  Duration transfer_slot = std::chrono::hours(6);
  Duration receiving_stall = std::chrono::minutes(5);
  /// Our own store does not answer: a run waits so long for it, then it is broken off.
  Duration destination_outage = std::chrono::hours(1);
  /// A machine has left the machines file, and steps that no other one can do wait for its return.
  Duration machine_return = std::chrono::minutes(10);
};

}  // namespace firn::farm
