// SPDX-License-Identifier: Apache-2.0
// Which outputs of a derivation are meant: all, or some by name.
#pragma once

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace firn::nix {

struct OutputsSpec {
  /// Empty = all of them.
  std::set<std::string> names;

  bool is_all() const { return names.empty(); }

  bool contains(const std::string& output) const { return is_all() || names.contains(output); }

  friend auto operator<=>(const OutputsSpec&, const OutputsSpec&) = default;
};

/// "*" or "dev,out".
std::string to_string(const OutputsSpec& outputs);
/// Throws Error{invalid} where a name is empty or no part of a store path's name.
OutputsSpec parse_outputs_spec(std::string_view text);

/// Splits what users write at its last '^', as in "nixpkgs#hello^dev,out". Nothing = the outputs
/// that the package installs by default. Throws as parse_outputs_spec does.
std::pair<std::string_view, std::optional<OutputsSpec>> split_outputs_spec(std::string_view text);

}  // namespace firn::nix
