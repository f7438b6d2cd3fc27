// SPDX-License-Identifier: Apache-2.0
// Inputs on their way to a machine.
#pragma once

#include "farm/nar_watch.h"
#include "nix/path_info.h"
#include "store/builder_connection.h"
#include "store/store.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace firn::farm {

/// The missing inputs of one step, from our own store.
class InputSource final : public store::PathSource {
 public:
  InputSource(store::Store& store, std::vector<const nix::PathInfo*> paths)
      : store_(store), paths_(std::move(paths)) {}

  aio::Task<std::optional<Item>> next() override {
    if (next_ == paths_.size()) co_return std::nullopt;
    const auto& info = *paths_[next_++];
    co_return Item{.info = info,
                   .nar = std::make_unique<WatchedNar>(store_.nar(info.path), watch_)};
  }

  /// A NAR that is not what the store has registered counts as ours, too.
  bool is_to_blame(const Error& error) const {
    return watch_.is_to_blame(error) || error.kind() == Kind::conflict;
  }

 private:
  store::Store& store_;
  std::vector<const nix::PathInfo*> paths_;
  NarWatch watch_;
  std::size_t next_ = 0;
};

}  // namespace firn::farm
