// SPDX-License-Identifier: Apache-2.0
// `firn serve-store`: the server half of the serve protocol on stdin and stdout.
#pragma once

#include "cli/serve_store_options.h"

namespace firn::cli {

/// Serves one client until it goes. The status is that of `nix-store --serve`: 0 where the client
/// left between two requests, else 1 with the reason on stderr.
int run_serve_store(const ServeStoreOptions& options);

}  // namespace firn::cli
