// SPDX-License-Identifier: Apache-2.0
// A builder behind the worker protocol: `nix-daemon --stdio`, which may trust our login or not.
#pragma once

#include "aio/loop.h"
#include "store/builder_connection.h"
#include "store/worker_connection.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace firn::store {

/// Keeps one connection for many steps. Its daemon has no memory of absent paths that could
/// mislead us: infos are asked only of what is held, and validity is asked of the database.
class WorkerBuilder final : public BuilderConnection, private UntrustingBuilder {
 public:
  /// `connection` has greeted, and its daemon trusts us or not.
  WorkerBuilder(aio::Loop& loop, std::unique_ptr<WorkerConnection> connection, bool is_trusted);
  ~WorkerBuilder() override;

  const std::string& machine() const override { return connection_->name(); }

  transport::Link& link() const override { return connection_->link(); }

  bool is_usable() const override { return connection_->is_usable(); }

  /// Logs come within the conversation, and whole before the result. What ssh prints does not get
  /// there.
  void listen(LogSink log) override;

  Duration greeting_took() const override { return connection_->greeting_took(); }

  aio::Task<nix::StorePathSet> valid(nix::StorePathSet paths) override;
  aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths) override;
  aio::Task<void> add_paths(PathSource& source) override;

  UntrustingBuilder* untrusting() override { return is_trusted_ ? nullptr : this; }

  /// Throws Error{timeout} where a build is silent for too long that the daemon should have ended
  /// (build_clock.h). The connection is then unusable, as after a timeout, which is a result.
  aio::Task<nix::BuildResult> build(const wire::BuildDerivation& request) override;

  /// With BuildPathsWithResults. Daemons below 1.34 tell an exit status or a text, and 1.21 (Nix
  /// 2.3) why a build failed in the log alone.
  aio::Task<nix::BuildResult> build_stored(const nix::DrvPath& drv,
                                           const wire::BuildOptions& options) override;
  aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths) override;
  std::unique_ptr<NarStream> dump(const nix::StorePath& path) override;
  aio::Task<void> close() override;

 private:
  aio::Task<bool> offer(const nix::PathInfo& info, NarStream& nar) override;
  aio::Task<void> substitute(nix::StorePathSet paths) override;
  aio::Task<nix::BuildResult> build_inputs(const nix::DrvPath& drv,
                                           const wire::BuildOptions& options) override;
  aio::Task<nix::BuildResult> ask_to_build(const wire::BuildDerivation& request);
  aio::Task<nix::BuildResult> ask_for_inputs(const nix::DrvPath& drv);
  aio::Task<nix::BuildResult> ask_for_stored(const nix::DrvPath& drv);
  aio::Task<nix::BuildResult> in_time(const wire::BuildOptions& options,
                                      aio::Task<nix::BuildResult> building);
  aio::Task<void> set_options(const wire::BuildOptions& options);
  aio::Task<nix::BuildResult> build_below_1_34(const nix::DrvPath& drv);

  aio::Loop& loop_;
  std::unique_ptr<WorkerConnection> connection_;
  bool is_trusted_;
  MessageSink sink_;
  /// What the daemon was told last.
  std::optional<wire::BuildOptions> options_;
};

/// Opens a connection there, as greeting.h says. Daemons below 1.35 do not say whether they trust
/// us: the first one is asked, on a connection of its own, and `trust` remembers the answer.
aio::Task<std::unique_ptr<BuilderConnection>> connect_worker_builder(
    aio::Loop& loop,
    transport::Connector& connector,
    const std::string& machine,
    const SessionLimits& limits,
    std::optional<bool>& trust);

}  // namespace firn::store
