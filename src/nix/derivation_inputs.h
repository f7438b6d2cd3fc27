// SPDX-License-Identifier: Apache-2.0
// The inputs of a derivation as a tree: input, its outputs, outputs of these where they are
// derivations, and so on. ATerm and JSON write this shape; Derivation holds it flat.
#pragma once

#include "nix/derivation.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::nix {

/// The steps from an input derivation to what is needed: {"out"}, or {"drv", "out"}.
using OutputChain = std::vector<std::string>;

/// Both kinds of inputs, by derivation; chains sorted.
std::map<DrvPath, std::vector<OutputChain>> chains_by_input(const Derivation& derivation);

/// Chains that are equal up to some step, sorted apart by the next one. Refers to them.
struct OutputLevel {
  /// Needed themselves.
  std::vector<std::string_view> names;
  /// Needed for their own outputs, with the chains that go through them.
  std::vector<std::pair<std::string_view, std::span<const OutputChain>>> deeper;
};

/// `chains` are sorted and have more than `step` steps each.
OutputLevel output_level(std::span<const OutputChain> chains, std::size_t step);

}  // namespace firn::nix
