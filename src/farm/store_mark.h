// SPDX-License-Identifier: Apache-2.0
// How a builder is recognised whose store is our own: a tiny path with a random name is added here,
// and the builder asked whether it is valid there.
#pragma once

#include "aio/semaphore.h"
#include "nix/store_path.h"
#include "store/builder_connection.h"
#include "store/store.h"

#include <optional>

namespace firn::farm {

/// A path that only our own store has. It is content-addressed, so that it needs no trust, and is
/// garbage once the store's connections are closed.
class StoreMark {
 public:
  /// Borrows the store.
  explicit StoreMark(store::Store& store) : store_(store) {}

  /// The path, valid here now. Made at the first call, and again where it was collected. Throws as
  /// the store does.
  aio::Task<nix::StorePath> path();

 private:
  aio::Task<nix::StorePath> make();

  store::Store& store_;
  aio::Semaphore alone_{1};
  std::optional<nix::StorePath> path_;
};

/// Whether `mark` is valid at the other end, too. Throws Error{invalid} where its Nix keeps another
/// store directory than ours: it then takes no path of ours for a store path at all.
aio::Task<bool> has_mark(store::BuilderConnection& connection, nix::StorePath mark);

}  // namespace firn::farm
