// SPDX-License-Identifier: Apache-2.0
// The JSON that trees share: {"type": "directory", "entries": {…}}, {"type": "symlink", …}, and one
// object for each file. Included by the sources that read and write such trees.
#pragma once

#include "nix/json.h"
#include "nix/tree.h"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace firn::nix {

/// `leaf_json(leaf)` makes the object of any other node.
template <class TreeType, class LeafJson>
Json tree_json(const TreeType& tree, const LeafJson& leaf_json) {
  const auto node_json = [&]<class Node>(const Node& node) -> Json {
    if constexpr (std::is_same_v<Node, Link>) {
      return {{"type", "symlink"}, {"target", node.target}};
    } else if constexpr (std::is_same_v<Node, typename TreeType::Folder>) {
      Json entries = Json::object();
      for (const auto& [name, entry] : node)
        entries.emplace(name, tree_json(entry, leaf_json));
      return {{"type", "directory"}, {"entries", std::move(entries)}};
    } else {
      return leaf_json(node);
    }
  };
  return std::visit(node_json, tree.node);
}

/// `leaf_from(place)` reads what is neither a folder nor a link, or throws. Throws Error{invalid}
/// for names that no NAR can hold.
template <class TreeType, class LeafFrom>
TreeType tree_from(const JsonPlace& place, const LeafFrom& leaf_from) {
  const auto type = place.find("type");
  if (type && type->string() == "symlink") {
    return TreeType{Link{place.at("target").string()}};
  }
  if (!type || type->string() != "directory") return leaf_from(place);
  typename TreeType::Folder folder;
  for (const auto& [name, entry] : place.at("entries").members()) {
    if (!is_nar_name(name)) entry.fail("an entry whose name a NAR can hold");
    folder.emplace(name, tree_from<TreeType>(entry, leaf_from));
  }
  return TreeType{std::move(folder)};
}

}  // namespace firn::nix
