// SPDX-License-Identifier: Apache-2.0
// Graphs as `nix-store -q --graph` prints them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sim {

/// A node's name as the dump has it: "HASH-hello-2.12.drv".
struct DotNode {
  std::string name;
  /// Places of the nodes that it refers to.
  std::vector<std::uint32_t> references;
};

/// In order of first mention. Takes the statements that Nix writes: nodes, with or without
/// attributes, and edges from what is referred to to what refers. Throws Error{invalid} with the
/// line of what is neither.
std::vector<DotNode> parse_dot(std::string_view text);

}  // namespace firn::sim
