// SPDX-License-Identifier: Apache-2.0
#include "store/serve_builder.h"

#include "store/build_paths_reply.h"

#include <utility>

namespace firn::store {

ServeBuilder::ServeBuilder(std::unique_ptr<ServeConnection> connection)
    : connection_(std::move(connection)) {}

ServeBuilder::~ServeBuilder() = default;

aio::Task<nix::StorePathSet> ServeBuilder::valid(nix::StorePathSet paths) {
  const wire::QueryValidPaths request{
      .lock = false, .substitute = false, .paths = std::move(paths)};
  co_return co_await connection_->call(request);
}

aio::Task<nix::StorePathSet> ServeBuilder::lock(nix::StorePathSet paths) {
  const wire::QueryValidPaths request{.lock = true, .substitute = false, .paths = std::move(paths)};
  co_return co_await connection_->call(request);
}

aio::Task<void> ServeBuilder::add_paths(PathSource& source) {
  return connection_->add_paths(source);
}

aio::Task<nix::BuildResult> ServeBuilder::build(const wire::BuildDerivation& request) {
  return connection_->call(request);
}

aio::Task<nix::BuildResult> ServeBuilder::build_stored(const nix::DrvPath& drv,
                                                       const wire::BuildOptions& options) {
  const wire::BuildPaths request{.targets = {drv.str()}, .options = options};
  co_return build_result_of(co_await connection_->call(request));
}

aio::Task<std::vector<nix::PathInfo>> ServeBuilder::path_infos(nix::StorePathSet paths) {
  const wire::QueryPathInfos request{.paths = std::move(paths)};
  co_return co_await connection_->call(request);
}

std::unique_ptr<NarStream> ServeBuilder::dump(const nix::StorePath& path) {
  return connection_->dump(path);
}

aio::Task<void> ServeBuilder::close() {
  return connection_->close();
}

aio::Task<std::unique_ptr<BuilderConnection>> connect_serve_builder(aio::Loop& loop,
                                                                    transport::Connector& connector,
                                                                    std::string machine,
                                                                    SessionLimits limits) {
  co_return std::make_unique<ServeBuilder>(
      co_await connect(loop, connector, std::move(machine), limits));
}

}  // namespace firn::store
