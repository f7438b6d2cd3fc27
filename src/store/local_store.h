// SPDX-License-Identifier: Apache-2.0
// The store of this machine, through `nix-store --serve`; NARs straight from its files.
#pragma once

#include "aio/loop.h"
#include "aio/semaphore.h"
#include "store/session_pool.h"
#include "store/store.h"

#include <memory>
#include <optional>
#include <vector>

namespace firn::store {

/// Holds one session for all its roots, which is asked one thing at a time, and a few that add
/// paths.
class LocalStore final : public Store {
 public:
  /// `connector` runs the local serve program.
  LocalStore(aio::Loop& loop, std::unique_ptr<transport::Connector> connector);
  ~LocalStore() override;

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
  aio::Task<bool> is_trusting() override;
  aio::Task<void> close() override;

 private:
  aio::Task<SessionPool::Session> open();
  aio::Task<SessionPool::Session*> ledger();
  aio::Task<void> lock_outputs(const wire::BuildDerivation& request,
                               const nix::BuildResult& result);
  aio::Task<void> lock_outputs(const wire::BuildPaths& request, const wire::BuildPathsReply& reply);
  template <class Request>
  aio::Task<typename Request::Reply> build_on_session(const Request& request, LogSink log);
  template <class Request>
  aio::Task<typename Request::Reply> ask(Request request);

  aio::Loop& loop_;
  SessionPool pool_;
  aio::Semaphore turn_{1};
  aio::Semaphore adding_;
  std::optional<SessionPool::Session> ledger_;
  /// All roots so far: should the session be lost, the next one takes them over before it answers.
  nix::StorePathSet locked_;
  std::optional<bool> trusting_;
};

/// The command that serves the local store. Builds of its own never go elsewhere.
std::unique_ptr<transport::Connector> local_serve_connector(aio::Loop& loop);

}  // namespace firn::store
