// SPDX-License-Identifier: Apache-2.0
#include "farm/path_infos.h"

#include "base/error.h"

#include <unordered_set>
#include <utility>

namespace firn::farm {

aio::Task<void> PathInfos::load(nix::StorePathSet unknown) {
  auto all = co_await store_.closure(std::move(unknown));
  std::erase_if(all, [this](const auto& path) { return known_.contains(path); });
  for (auto& info : co_await store_.path_infos(std::move(all)))
    remember(std::move(info));
}

void PathInfos::remember(nix::PathInfo info) {
  const nix::StorePath path = info.path;
  known_.insert_or_assign(path, std::move(info));
}

aio::Task<std::vector<const nix::PathInfo*>> PathInfos::closure(const nix::StorePathSet& paths) {
  nix::StorePathSet unknown;
  for (const auto& path : paths) {
    if (!known_.contains(path)) unknown.insert(path);
  }
  if (!unknown.empty()) co_await load(std::move(unknown));

  struct Frame {
    const nix::PathInfo* info;
    nix::StorePathSet::const_iterator next;
  };

  std::vector<const nix::PathInfo*> sorted;
  std::unordered_set<nix::StorePath> entered;
  std::vector<Frame> stack;
  const auto enter = [&](const nix::StorePath& path) {
    if (!entered.insert(path).second) return;
    const auto found = known_.find(path);
    FIRN_CHECK(found != known_.end());
    stack.push_back({.info = &found->second, .next = found->second.references.begin()});
  };
  for (const auto& path : paths) {
    enter(path);
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.next == frame.info->references.end()) {
        sorted.push_back(frame.info);
        stack.pop_back();
      } else {
        enter(*frame.next++);
      }
    }
  }
  co_return sorted;
}

}  // namespace firn::farm
