// SPDX-License-Identifier: Apache-2.0
#include "farm/store_mark.h"

#include "base/error.h"
#include "farm/tiny_path.h"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

aio::Task<nix::StorePath> StoreMark::path() {
  const auto alone = co_await alone_.acquire();
  if (path_) {
    const auto valid = co_await store_.valid({*path_});
    if (valid.contains(*path_)) co_return *path_;
  }
  path_ = co_await make();
  co_return *path_;
}

aio::Task<nix::StorePath> StoreMark::make() {
  const TinyPath tiny = make_tiny_path("firn-mark");
  WholeNar stream(tiny.nar);
  co_await store_.add(tiny.info, stream);
  co_return tiny.info.path;
}

aio::Task<bool> has_mark(store::BuilderConnection& connection, nix::StorePath mark) {
  try {
    const auto valid = co_await connection.valid({mark});
    co_return valid.contains(mark);
  } catch (const Error& e) {
    if (e.message().find("is not in the Nix store") == std::string::npos) throw;
  }
  throw Error(Kind::invalid,
              fmt::format("{} keeps its store in another folder than /nix/store, so no path can be "
                          "exchanged with it; unset NIX_STORE_DIR there, install a Nix that uses "
                          "/nix/store, or take the machine out of the list",
                          connection.machine()));
}

}  // namespace firn::farm
