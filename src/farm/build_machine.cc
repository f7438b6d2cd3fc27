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

bool BuildMachine::is_claimed(const nix::StorePathSet& paths) const {
  return std::ranges::any_of(paths, [this](const auto& path) { return claimed_.contains(path); });
}

aio::Task<void> BuildMachine::unclaimed(const nix::StorePathSet& paths) {
  while (is_claimed(paths))
    co_await released_.wait();
}

}  // namespace firn::farm
