// SPDX-License-Identifier: Apache-2.0
// What people ask of builds that are in the queue: to stop, to be tried again, to come first. As
// Hydra's web front end writes it, so that any runner understands; the schema's triggers tell it.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "db/transaction.h"

#include <cstdint>
#include <span>
#include <vector>

namespace firn::db {

/// Ends the builds that are unfinished as cancelled at `now`, in the order of their ids (QR-075),
/// and returns those.
std::vector<BuildId> cancel_builds(Transaction& transaction,
                                   std::span<const BuildId> builds,
                                   WallTime now);

/// Makes those that are finished unfinished again (QR-076), and returns them in the order of their
/// ids. The failures that their own steps met are forgotten, and the statistics of their
/// evaluations are to be counted anew.
std::vector<BuildId> restart_builds(Transaction& transaction, std::span<const BuildId> builds);

/// Gives the unfinished ones a priority among all builds (QR-091): the time of the bump, or 0 for
/// none. Returns them in the order of their ids.
std::vector<BuildId> bump_builds(Transaction& transaction,
                                 std::span<const BuildId> builds,
                                 std::int64_t global_priority);

/// Failed builds that one failure joins to these: those whose step it was, and those that ended
/// because of it. By their ids, without `builds` themselves. What was cancelled is not among them.
std::vector<BuildId> failed_relatives(Transaction& transaction, std::span<const BuildId> builds);

}  // namespace firn::db
