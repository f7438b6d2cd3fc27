// SPDX-License-Identifier: Apache-2.0
// Derivations as files of our own store, and what a builder is told of them.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "farm/orders.h"
#include "nix/derivation.h"
#include "nix/store_path.h"
#include "store/store.h"

#include <string>

namespace firn::farm {

/// Blocks. Throws Error{not_found} where there is no such file, Error{invalid} where it is no
/// derivation, or one that firn cannot build: one that needs outputs of derivations that others
/// make.
nix::Derivation read_derivation(const std::string& file);

/// Throws Error{invalid} where it has no such output, or where its path is known only after the
/// build.
nix::StorePath output_path(const nix::DrvPath& drv,
                           const nix::BasicDerivation& derivation,
                           const std::string& output);

/// Reads a derivation and those of its inputs, whose outputs become input sources. Time limits are
/// left for the caller.
aio::Task<Order> read_order(aio::Loop& loop, store::Store& store, nix::DrvPath drv);

}  // namespace firn::farm
