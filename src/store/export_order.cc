// SPDX-License-Identifier: Apache-2.0
#include "store/export_order.h"

#include <map>

namespace firn::store {

std::vector<ExportItem> export_order(const nix::StorePathSet& paths,
                                     const std::vector<nix::PathInfo>& infos) {
  struct Frame {
    ExportItem item;
    nix::StorePathSet::const_iterator next;
  };

  std::map<nix::StorePath, const nix::PathInfo*> not_entered;
  for (const auto& path : paths)
    not_entered.emplace(path, nullptr);
  for (const auto& info : infos) {
    if (const auto wanted = not_entered.find(info.path); wanted != not_entered.end())
      wanted->second = &info;
  }

  static const nix::StorePathSet none;
  std::vector<ExportItem> sorted;
  std::vector<Frame> stack;
  const auto references = [](const ExportItem& item) -> const nix::StorePathSet& {
    return item.info == nullptr ? none : item.info->references;
  };
  const auto enter = [&](const nix::StorePath& path) {
    const auto found = not_entered.find(path);
    if (found == not_entered.end()) return;
    const ExportItem item{.path = path, .info = found->second};
    not_entered.erase(found);
    stack.push_back({.item = item, .next = references(item).begin()});
  };
  for (const auto& path : paths) {
    enter(path);
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.next != references(frame.item).end()) {
        enter(*frame.next++);
        continue;
      }
      sorted.push_back(frame.item);
      stack.pop_back();
    }
  }
  return sorted;
}

}  // namespace firn::store
