// SPDX-License-Identifier: Apache-2.0
#include "farm/build_machine.h"

#include "base/error.h"

#include <algorithm>
#include <utility>

namespace firn::farm {

BuildMachine::Claim::Claim(BuildMachine& machine, std::vector<nix::StorePath> paths)
    : machine_(machine), paths_(std::move(paths)) {
  for (const auto& path : paths_)
    FIRN_CHECK(machine_.claimed_.insert(path).second);
}

BuildMachine::Claim::~Claim() {
  for (const auto& path : paths_)
    machine_.claimed_.erase(path);
  machine_.released_.notify_all();
}

aio::Task<bool> BuildMachine::unclaimed(const nix::StorePathSet& paths) {
  const auto is_claimed = [this](const auto& path) { return claimed_.contains(path); };
  bool waited = false;
  while (std::ranges::any_of(paths, is_claimed)) {
    waited = true;
    co_await released_.wait();
  }
  co_return waited;
}

}  // namespace firn::farm
