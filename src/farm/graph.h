// SPDX-License-Identifier: Apache-2.0
// What is to be built: derivations read from our own store, from the wanted ones down to where
// outputs are there already.
#pragma once

#include "aio/loop.h"
#include "nix/derivation.h"
#include "store/store.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace firn::farm {

/// What somebody asked for.
struct Wanted {
  nix::DrvPath drv;
  /// Empty = all.
  std::set<std::string> outputs;
};

/// A derivation of which a needed output is missing.
struct GraphNode {
  nix::DrvPath drv;
  /// As a builder receives it: the outputs of its input derivations have become input sources.
  nix::BasicDerivation derivation;
  /// Indexes of other nodes.
  std::vector<std::size_t> dependencies;
  /// Those that the caller knows as steps already.
  std::vector<nix::DrvPath> known_dependencies{};
};

/// Dependencies come before their dependents. Everything that it names is locked in the store.
struct Graph {
  std::vector<GraphNode> nodes;
  /// Derivations that were looked at and need no build.
  std::size_t already_valid = 0;
  std::size_t substituted = 0;

  /// Output paths of what was wanted, in the order asked for, with the output's name.
  struct Result {
    nix::DrvPath drv;
    std::string output;
    nix::StorePath path;
  };

  std::vector<Result> results;
};

/// What a caller adds to the walk. Each may be left out.
struct GraphHooks {
  /// Called once, as soon as it is certain that something must be built.
  std::function<void()> on_missing{};
  /// Whether the derivation is a step already: then the walk ends there, and nothing is asked about
  /// its outputs.
  std::function<bool(const nix::DrvPath&)> is_known{};
  /// Whether what is missing is substituted where the store can.
  bool substitutes = true;
};

/// Reads derivations level by level and asks for each level once what is valid; what is missing is
/// substituted where the store can. Throws Error{not_found} for a derivation that is not there,
/// Error{invalid} for one that firn cannot build yet (output paths known only after the build).
aio::Task<Graph> load_graph(aio::Loop& loop,
                            store::Store& store,
                            const std::vector<Wanted>& wanted,
                            GraphHooks hooks = {});

}  // namespace firn::farm
