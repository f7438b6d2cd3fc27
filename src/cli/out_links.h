// SPDX-License-Identifier: Apache-2.0
// Links to results, registered as roots with the store.
#pragma once

#include "aio/task.h"
#include "farm/graph.h"
#include "store/store.h"

#include <filesystem>
#include <utility>
#include <vector>

namespace firn::cli {

/// Where each result is linked to, named as nix-build does: "result" and "result-dev" for the first
/// derivation, "result-2" for the second. Pure.
std::vector<std::pair<std::filesystem::path, nix::StorePath>> out_links(
    const std::vector<farm::Graph::Result>& results, const std::filesystem::path& first);

/// Makes the links. Throws Error.
aio::Task<void> make_out_links(store::Store& store,
                               const std::vector<farm::Graph::Result>& results,
                               const std::filesystem::path& first);

}  // namespace firn::cli
