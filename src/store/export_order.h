// SPDX-License-Identifier: Apache-2.0
// The order in which paths leave a store, so that whoever takes them in has every reference before
// its referrer.
#pragma once

#include "nix/path_info.h"

#include <vector>

namespace firn::store {

/// A path that is wanted, and what is known of it; nothing where it is not valid.
struct ExportItem {
  nix::StorePath path;
  const nix::PathInfo* info = nullptr;
};

/// All of `paths`, and only they, in the order of Nix's own exports: each path by name, after those
/// that it refers to. Points into `infos`.
std::vector<ExportItem> export_order(const nix::StorePathSet& paths,
                                     const std::vector<nix::PathInfo>& infos);

}  // namespace firn::store
