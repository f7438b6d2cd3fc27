// SPDX-License-Identifier: Apache-2.0
// The store of this machine through the worker protocol: a nix-daemon's, or that of a daemon of our
// own. NARs come straight from its files.
#pragma once

#include "aio/loop.h"
#include "aio/semaphore.h"
#include "store/ledger.h"
#include "store/limits.h"
#include "store/store.h"
#include "store/worker_pool.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace firn::store {

/// One connection holds all roots and answers questions (ledger.h), a few add paths, and what takes
/// long has one of its own.
class DaemonStore final : public Store {
 public:
  /// `connector` reaches the daemon.
  DaemonStore(aio::Loop& loop,
              std::unique_ptr<transport::Connector> connector,
              const StoreLimits& limits = {});
  ~DaemonStore() override;

  aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths) override;
  aio::Task<nix::StorePathSet> substitute(nix::StorePathSet paths) override;
  aio::Task<nix::StorePathSet> valid(nix::StorePathSet paths) override;
  aio::Task<nix::StorePathSet> closure(nix::StorePathSet paths) override;
  aio::Task<nix::StorePathSet> closure_with_outputs(nix::StorePathSet paths) override;
  aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths) override;
  aio::Task<std::vector<nix::PathInfo>> find_path_infos(nix::StorePathSet paths) override;

  std::string location(const nix::StorePath& path) const override { return path.str(); }

  std::unique_ptr<NarStream> nar(const nix::StorePath& path) override;
  aio::Task<void> add(const nix::PathInfo& info, NarStream& nar) override;
  aio::Task<nix::BuildResult> build(const wire::BuildDerivation& request, LogSink log) override;
  aio::Task<wire::BuildPathsReply> build(const wire::BuildPaths& request, LogSink log) override;
  aio::Task<void> add_root(const nix::StorePath& path, std::filesystem::path link) override;
  aio::Task<bool> is_trusting() override;
  aio::Task<void> close() override;

 private:
  aio::Task<WorkerPool::Lease> acquire();
  aio::Task<WorkerPool::Lease> open_for_build(const wire::BuildOptions& options, LogSink log);

  aio::Loop& loop_;
  StoreLimits limits_;
  WorkerPool pool_;
  Ledger ledger_;
  aio::Semaphore adding_;
  std::optional<bool> trusting_;
};

}  // namespace firn::store
