// SPDX-License-Identifier: Apache-2.0
// firn's own store: where derivations and inputs come from and finished outputs go.
#pragma once

#include "aio/task.h"
#include "nix/path_info.h"
#include "store/nar_stream.h"

#include <memory>
#include <string>
#include <vector>

namespace firn::store {

/// Everything that a run needs of a store. What is locked is safe from garbage collection as long
/// as the object lives.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// Makes roots of `paths`, valid or not (outputs are locked before they exist), and says which of
  /// them are valid.
  virtual aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths) = 0;

  /// As `lock`, but what is missing is fetched from the store's substituters first, where it has
  /// any.
  virtual aio::Task<nix::StorePathSet> substitute(nix::StorePathSet paths) = 0;

  /// `paths` and everything they refer to. They must be valid.
  virtual aio::Task<nix::StorePathSet> closure(nix::StorePathSet paths) = 0;

  /// What is known of `paths`, which must be locked and valid. Throws Error{not_found} for one that
  /// has gone.
  virtual aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths) = 0;

  /// Where the files of `path` are on this machine, should it be valid.
  virtual std::string location(const nix::StorePath& path) const = 0;

  /// The NAR of a valid path.
  virtual std::unique_ptr<NarStream> nar(const nix::PathInfo& info) = 0;

  /// Adds a path whose references are valid. `nar` must have been checked, or check itself, against
  /// `info`.
  virtual aio::Task<void> add(const nix::PathInfo& info, NarStream& nar) = 0;

  /// Whether the store takes paths from us without a signature, and builds derivations that we
  /// send.
  virtual aio::Task<bool> is_trusting() = 0;

  /// To be awaited before the end.
  virtual aio::Task<void> close() = 0;
};

}  // namespace firn::store
