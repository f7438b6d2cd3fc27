// SPDX-License-Identifier: Apache-2.0
// hydra.conf as a tree: keys with their values, blocks with their contents, each with its place.
#pragma once

#include "config/conf_lines.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::config {

/// "key = value", "key value" or "key".
struct ConfEntry {
  std::string key;
  /// Without the quotes around it, and \# \" \$ \\ without their backslash. None for a key alone.
  std::optional<std::string> value;
  ConfPlace place;
};

/// "<kind name> … </kind>". Keys and blocks may stand there several times; their order among each
/// other is kept.
struct ConfBlock {
  std::string kind{};
  /// Empty where there is none.
  std::string name{};
  ConfPlace place{};
  std::vector<ConfEntry> entries{};
  std::vector<ConfBlock> blocks{};
};

struct ConfTree {
  /// Without kind and name.
  ConfBlock root;
  std::vector<Problem> problems;
};

/// Blocks within blocks.
inline constexpr std::size_t kMostConfNesting = 32;

/// Never throws for bad input. Case counts, in keys and in kinds of blocks. A block may begin in
/// one file and end in another; one without an end lasts to the end of all.
ConfTree read_conf_tree(std::string_view text, const std::string& file, const ConfReader& read);

}  // namespace firn::config
