// SPDX-License-Identifier: Apache-2.0
// What is known of the paths of our own store: asked once, for a valid path's facts never change.
#pragma once

#include "nix/path_info.h"
#include "store/store.h"

#include <unordered_map>
#include <vector>

namespace firn::farm {

class PathInfos {
 public:
  /// Everything asked for must be locked in `store`, which is borrowed.
  explicit PathInfos(store::Store& store) : store_(store) {}

  /// `paths` and all they refer to, references before their referrers. The pointers stay valid as
  /// long as this object.
  aio::Task<std::vector<const nix::PathInfo*>> closure(const nix::StorePathSet& paths);

  /// A path that has just been added to the store.
  void remember(const nix::PathInfo& info);

 private:
  struct Walk;

  Walk walk(const nix::StorePathSet& paths) const;
  aio::Task<void> load(nix::StorePathSet unknown);

  store::Store& store_;
  std::unordered_map<nix::StorePath, nix::PathInfo> known_;
};

}  // namespace firn::farm
