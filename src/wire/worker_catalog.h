// SPDX-License-Identifier: Apache-2.0
// Every message of the worker protocol under a name. A new message is one more line in
// worker_catalog.cc.
#pragma once

#include "wire/catalog.h"
#include "wire/worker_version.h"

namespace firn::wire::worker {

/// Replies are what comes after the daemon's messages, each of which is a "message".
Catalog<Protocol> worker_catalog();

}  // namespace firn::wire::worker
