// SPDX-License-Identifier: Apache-2.0
// A small store as one value: what Nix's dummy store, which lives in memory, writes of itself.
#pragma once

#include "nix/derivation.h"
#include "nix/file_tree.h"
#include "nix/path_info.h"
#include "nix/realisation.h"

#include <map>

namespace firn::nix {

struct StoredObject {
  PathInfo info;
  FileTree contents;

  friend bool operator==(const StoredObject&, const StoredObject&) = default;
};

struct StoreSnapshot {
  /// All but derivations. Each info is about the key's path.
  std::map<StorePath, StoredObject> objects;
  std::map<DrvPath, Derivation> derivations;
  std::map<DrvOutput, UnkeyedRealisation> build_trace;

  friend bool operator==(const StoreSnapshot&, const StoreSnapshot&) = default;
};

/// Path infos in format 3, derivations in format 4 (Nix 2.34 and newer).
Json to_json(const StoreSnapshot& snapshot);
/// Takes path infos of every format. Throws Error{invalid}, also for another store's folder.
StoreSnapshot store_snapshot_from(const JsonPlace& place);

}  // namespace firn::nix
