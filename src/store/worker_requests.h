// SPDX-License-Identifier: Apache-2.0
// What a daemon is asked in more than one way, as its age and its trust in us want it: by our own
// store, and by builders.
#pragma once

#include "nix/build_result.h"
#include "nix/derived_path.h"
#include "store/store.h"
#include "store/worker_connection.h"
#include "wire/serve_commands.h"
#include "wire/worker_builds.h"
#include "wire/worker_version.h"

#include <vector>

namespace firn::store {

/// What builds print, and what the daemon says beside it, as lines.
MessageSink lines_into(LogSink log);

/// As Nix sets a store up that serves builds to others.
wire::worker::SetOptions options_of(const wire::BuildOptions& options);

/// Fetches what substituters have of `paths`, as far as they have it.
aio::Task<void> fetch(WorkerConnection& daemon, nix::StorePathSet paths);

/// Asks for the result of each target, where the daemon tells it: the error of all is no more than
/// a text.
aio::Task<wire::BuildPathsReply> build_paths(WorkerConnection& daemon,
                                             std::vector<nix::DerivedPath> targets);

/// Daemons below 1.29 do not count. A builder that was started ends in one of a few statuses.
void count_rounds(nix::BuildResult& result, wire::worker::Protocol protocol);

/// Whether the daemon takes paths from us without a signature. Those below 1.35 do not say, and are
/// asked for what only trusted users may do.
aio::Task<bool> ask_for_trust(WorkerConnection& daemon);

}  // namespace firn::store
