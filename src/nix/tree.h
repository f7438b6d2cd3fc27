// SPDX-License-Identifier: Apache-2.0
// The shape that file trees, listings of archives and their JSON share: folders, links, and what
// stands for a file.
#pragma once

#include "base/error.h"
#include "nix/nar_parser.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace firn::nix {

struct Link {
  std::string target;

  friend bool operator==(const Link&, const Link&) = default;
};

/// A file, a link or a folder. `Leaves` are what may stand for a file.
template <class... Leaves>
struct Tree {
  /// Sorted bytewise, as in a NAR. Names are those that a NAR may hold.
  using Folder = std::map<std::string, Tree, std::less<>>;

  std::variant<Leaves..., Link, Folder> node;

  friend bool operator==(const Tree&, const Tree&) = default;
};

/// Grows a tree from the events of a NAR; what a file becomes is the derived class's to say.
template <class TreeType>
class TreeBuilder : public NarVisitor {
 public:
  using Folder = typename TreeType::Folder;

  void begin_directory(std::string_view name) override {
    open_.push_back(&add(name, TreeType{Folder{}}));
  }

  void end_directory() override { open_.pop_back(); }

  void symlink(std::string_view name, std::string_view target) override {
    add(name, TreeType{Link{std::string(target)}});
  }

  /// Once, after the end of the NAR.
  TreeType take() {
    FIRN_CHECK(open_.empty());
    auto root = std::exchange(root_, std::nullopt);
    FIRN_CHECK(root.has_value());
    return std::move(*root);
  }

 protected:
  /// The entry as it stands in the tree, at the same place until the whole is taken.
  TreeType& add(std::string_view name, TreeType entry) {
    if (open_.empty()) return root_.emplace(std::move(entry));
    auto& folder = std::get<Folder>(open_.back()->node);
    return folder.insert_or_assign(std::string(name), std::move(entry)).first->second;
  }

 private:
  std::optional<TreeType> root_;
  std::vector<TreeType*> open_;
};

}  // namespace firn::nix
