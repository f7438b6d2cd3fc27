// SPDX-License-Identifier: Apache-2.0
#include "aio/loop.h"
#include "base/error.h"
#include "cli/inspect.h"
#include "nix/path_info_json.h"
#include "store/store.h"
#include "store/store_address.h"

#include <exception>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

namespace {

aio::Task<void> ask(store::Store& store,
                    nix::StorePathSet paths,
                    std::vector<nix::PathInfo>& infos) {
  std::exception_ptr error;
  try {
    infos = co_await store.find_path_infos(std::move(paths));
  } catch (...) {
    error = std::current_exception();
  }
  co_await store.close();
  if (error) std::rethrow_exception(error);
}

}  // namespace

ExitCode inspect(const InspectPath& options, Streams streams) {
  const auto path = nix::parse_store_path(options.path);
  aio::Loop loop;
  const auto store = store::open_store(loop, store::store_address_of_environment());
  std::vector<nix::PathInfo> infos;
  loop.run(ask(*store, {path}, infos));
  if (infos.empty())
    throw Error(Kind::not_found, fmt::format("{} is not valid in this store", path.str()));
  streams.out << pretty(nix::keyed_json(infos.front()));
  return ExitCode::success;
}

}  // namespace firn::cli
