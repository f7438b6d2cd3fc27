// SPDX-License-Identifier: Apache-2.0
// A builder behind the serve protocol: `nix-store --serve --write`, which trusts whoever may start
// it.
#pragma once

#include "aio/loop.h"
#include "store/builder_connection.h"
#include "store/serve_connection.h"

#include <memory>
#include <string>
#include <vector>

namespace firn::store {

class ServeBuilder final : public BuilderConnection {
 public:
  /// `connection` has greeted.
  explicit ServeBuilder(std::unique_ptr<ServeConnection> connection);
  ~ServeBuilder() override;

  const std::string& machine() const override { return connection_->machine(); }

  transport::Link& link() const override { return connection_->link(); }

  bool is_usable() const override { return connection_->is_usable(); }

  /// Logs come on stderr, beside whatever else is said there.
  void listen(LogSink log) override { link().listen(std::move(log)); }

  Duration greeting_took() const override { return connection_->greeting_took(); }

  aio::Task<nix::StorePathSet> valid(nix::StorePathSet paths) override;
  aio::Task<nix::StorePathSet> lock(nix::StorePathSet paths) override;
  aio::Task<void> add_paths(PathSource& source) override;
  aio::Task<nix::BuildResult> build(const wire::BuildDerivation& request) override;
  aio::Task<nix::BuildResult> build_stored(const nix::DrvPath& drv,
                                           const wire::BuildOptions& options) override;
  aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet paths) override;
  std::unique_ptr<NarStream> dump(const nix::StorePath& path) override;
  aio::Task<void> close() override;

 private:
  std::unique_ptr<ServeConnection> connection_;
};

/// Opens a session there; see `connect`.
aio::Task<std::unique_ptr<BuilderConnection>> connect_serve_builder(aio::Loop& loop,
                                                                    transport::Connector& connector,
                                                                    std::string machine,
                                                                    SessionLimits limits = {});

}  // namespace firn::store
