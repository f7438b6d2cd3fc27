// SPDX-License-Identifier: Apache-2.0
// `firn queue add`, and what it shares with `restart`: derivations of the store that must stay.
#pragma once

#include "base/units.h"
#include "cli/queue_command.h"
#include "cli/queue_options.h"
#include "db/builds.h"
#include "nix/derivation.h"
#include "nix/store_path.h"

#include <string>
#include <vector>

namespace firn::cli {

/// The row for a derivation: project `firn`, jobset `queue`.
db::NewBuild new_build(const nix::DrvPath& drv,
                       const nix::Derivation& derivation,
                       const QueueAdd& add,
                       WallTime now);

/// Evaluates with the installed Nix, roots the derivations, and queues a build of each.
void add_to_queue(const QueueSession& session, const QueueAdd& add);

/// As KeepDerivations asks, with the store that the environment names.
std::vector<std::string> keep_derivations(const QueueSession& session,
                                          const std::vector<std::string>& drvs);

}  // namespace firn::cli
