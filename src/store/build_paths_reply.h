// SPDX-License-Identifier: Apache-2.0
// How a build of paths ended, in the words of the serve protocol: its exit status and message, made
// of what a daemon says. Daemons of Nix 2.4 and newer do not tell the status themselves.
#pragma once

#include "nix/build_result.h"
#include "wire/serve_commands.h"
#include "wire/worker_messages.h"
#include "wire/worker_types.h"

#include <vector>

namespace firn::store {

/// What stands for `results`, one for each target: 100 and its like where derivations failed, 1
/// where something else did.
wire::BuildPathsReply build_paths_reply(const std::vector<wire::worker::KeyedBuildResult>& results);

/// What stands for an error of the daemon's, which tells its exit status below 1.26.
wire::BuildPathsReply build_paths_reply(const wire::worker::Failure& failure,
                                        const wire::worker::Protocol& protocol);

/// The way back: what such an answer means. A daemon in between leaves of the status only that it
/// is not 0, so the words decide.
nix::BuildResult build_result_of(wire::BuildPathsReply reply);

}  // namespace firn::store
