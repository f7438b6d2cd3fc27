// SPDX-License-Identifier: Apache-2.0
#include "farm/path_infos.h"

#include "base/error.h"

#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

struct PathInfos::Walk {
  std::vector<const nix::PathInfo*> sorted;
  nix::StorePathSet unknown;
};

/// Depth first without recursion. A path that was remembered may refer to unknown ones.
PathInfos::Walk PathInfos::walk(const nix::StorePathSet& paths) const {
  struct Frame {
    const nix::PathInfo* info;
    nix::StorePathSet::const_iterator next;
  };

  Walk result;
  std::unordered_set<const nix::PathInfo*> entered;
  std::vector<Frame> stack;
  const auto enter = [&](const nix::StorePath& path) {
    const auto found = known_.find(path);
    if (found == known_.end()) {
      result.unknown.insert(path);
    } else if (entered.insert(&found->second).second) {
      stack.push_back({.info = &found->second, .next = found->second.references.begin()});
    }
  };
  for (const auto& path : paths) {
    enter(path);
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.next == frame.info->references.end()) {
        result.sorted.push_back(frame.info);
        stack.pop_back();
      } else {
        enter(*frame.next++);
      }
    }
  }
  return result;
}

aio::Task<void> PathInfos::load(nix::StorePathSet unknown) {
  auto all = co_await store_.closure(std::move(unknown));
  std::erase_if(all, [this](const auto& path) { return known_.contains(path); });
  for (const auto& info : co_await store_.path_infos(std::move(all)))
    remember(info);
}

void PathInfos::remember(const nix::PathInfo& info) {
  known_.try_emplace(info.path, info);
}

aio::Task<std::vector<const nix::PathInfo*>> PathInfos::closure(const nix::StorePathSet& paths) {
  auto found = walk(paths);
  if (!found.unknown.empty()) {
    co_await load(std::move(found.unknown));
    found = walk(paths);
  }
  if (!found.unknown.empty()) {
    throw Error(Kind::not_found,
                fmt::format("the local store knows nothing of {}", found.unknown.begin()->str()));
  }
  co_return std::move(found.sorted);
}

}  // namespace firn::farm
