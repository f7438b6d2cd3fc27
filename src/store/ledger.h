// SPDX-License-Identifier: Apache-2.0
// The roots of a run, and what is known of the paths that they hold.
#pragma once

#include "aio/loop.h"
#include "aio/semaphore.h"
#include "nix/path_info.h"
#include "store/limits.h"
#include "store/worker_pool.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace firn::store {

/// Temporary roots belong to connections: one connection holds all of them and lives as long as
/// this. It is the only one that is asked for path infos, and only of what it has locked and found
/// valid, or of what such a path refers to: daemons remember what they said, and that a path was
/// absent, too. Should it be lost, the next one takes over all roots before it answers. Asked one
/// thing at a time.
class Ledger {
 public:
  /// Borrows loop and pool.
  Ledger(aio::Loop& loop, WorkerPool& pool, const StoreLimits& limits = {})
      : loop_(loop), pool_(pool), limits_(limits) {}

  /// Makes roots of `paths`, valid or not, and says which of them are valid.
  aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths);

  /// Which of `paths` are valid. Makes no roots.
  aio::Task<nix::StorePathSet> valid(nix::StorePathSet paths);

  /// What is known of those of `paths` that are valid, sorted by path. Locks them.
  aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths);

  enum class Outputs : std::uint8_t { left_out, included };

  /// `paths` and everything they refer to, with the valid outputs of derivations or without. Locks
  /// `paths`. Throws Error{not_found} naming the first one that is not valid.
  aio::Task<nix::StorePathSet> closure(nix::StorePathSet paths, Outputs outputs);

  /// Gives all roots up.
  void close();

 private:
  enum class Root : std::uint8_t { wanted, held, held_and_valid };

  aio::Task<aio::Semaphore::Permit> turn();
  void note(const nix::StorePathSet& paths);
  aio::Task<WorkerConnection*> daemon();
  template <class T>
  aio::Task<T> watched(const WorkerConnection& daemon, aio::Task<T> op);

  aio::Task<void> hold(WorkerConnection& daemon);
  aio::Task<nix::StorePathSet> find_valid(WorkerConnection& daemon, nix::StorePathSet paths);
  aio::Task<std::vector<nix::PathInfo>> find_infos(WorkerConnection& daemon,
                                                   nix::StorePathSet paths);
  aio::Task<nix::StorePathSet> walk(WorkerConnection& daemon,
                                    nix::StorePathSet paths,
                                    Outputs outputs);
  aio::Task<nix::StorePathSet> valid_outputs(WorkerConnection& daemon, nix::StorePathSet drvs);

  aio::Loop& loop_;
  WorkerPool& pool_;
  StoreLimits limits_;
  aio::Semaphore turn_{1};
  std::optional<WorkerPool::Lease> lease_;
  std::unordered_map<nix::StorePath, Root> roots_;
  /// Those that the connection does not hold yet.
  std::vector<nix::StorePath> wanted_;
};

/// Why a path that should be there is not.
Error has_gone(const nix::StorePath& path);

}  // namespace firn::store
