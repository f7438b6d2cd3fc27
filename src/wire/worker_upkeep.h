// SPDX-License-Identifier: Apache-2.0
// Roots and garbage: what a client has a daemon keep, find out about and remove.
#pragma once

#include "base/units.h"
#include "nix/store_path.h"
#include "wire/request.h"
#include "wire/serve_commands.h"
#include "wire/worker_operations.h"
#include "wire/worker_types.h"

#include <optional>
#include <string>
#include <vector>

namespace firn::wire::worker {

/// Keeps `path`, valid or not, for as long as this connection lasts.
struct AddTempRoot {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::add_temp_root;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const AddTempRoot&, const AddTempRoot&) = default;
};

/// Keeps what `link`, a symlink that must exist, points to, for as long as it does.
struct AddIndirectRoot {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::add_indirect_root;
  static constexpr Since kSince = Since::the_start;

  /// Absolute.
  std::string link;

  friend bool operator==(const AddIndirectRoot&, const AddIndirectRoot&) = default;
};

/// Has the daemon make a symlink to `path` and keep it. Needs trust.
struct AddPermRoot {
  /// The link that was made.
  using Reply = std::string;
  static constexpr Operation kOperation = Operation::add_perm_root;
  static constexpr Since kSince = Since::add_perm_root;

  nix::StorePath path;
  /// Absolute.
  std::string link;

  friend bool operator==(const AddPermRoot&, const AddPermRoot&) = default;
};

/// Does nothing; once waited for a garbage collection.
struct SyncWithGc {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::sync_with_gc;
  static constexpr Since kSince = Since::the_start;

  friend bool operator==(const SyncWithGc&, const SyncWithGc&) = default;
};

struct FindRoots {
  using Reply = std::vector<Root>;
  static constexpr Operation kOperation = Operation::find_roots;
  static constexpr Since kSince = Since::the_start;

  friend bool operator==(const FindRoots&, const FindRoots&) = default;
};

struct CollectGarbage {
  using Reply = GcResult;
  static constexpr Operation kOperation = Operation::collect_garbage;
  static constexpr Since kSince = Since::the_start;

  GcAction action = GcAction::delete_dead;
  /// None = the whole store. Given with `delete_specific`; with other actions only where
  /// Feature::delete_dead_referrers was agreed. Without that feature the empty set is the whole
  /// store for every action but that.
  std::optional<nix::StorePathSet> paths;
  /// Takes what refers to `paths`, too. With Feature::delete_dead_referrers.
  bool delete_referrers = false;
  /// Every daemon refuses true.
  bool ignore_liveness = false;
  /// Stop after that much was freed.
  ByteCount max_freed;

  friend bool operator==(const CollectGarbage&, const CollectGarbage&) = default;
};

/// Replaces equal files by hard links.
struct OptimiseStore {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::optimise_store;
  static constexpr Since kSince = Since::the_start;

  friend bool operator==(const OptimiseStore&, const OptimiseStore&) = default;
};

/// Compares the store with what is registered.
struct VerifyStore {
  /// Whether errors were found.
  using Reply = bool;
  static constexpr Operation kOperation = Operation::verify_store;
  static constexpr Since kSince = Since::the_start;

  /// Reads every file.
  bool check_contents = false;
  /// Needs trust.
  bool repair = false;

  friend bool operator==(const VerifyStore&, const VerifyStore&) = default;
};

}  // namespace firn::wire::worker
