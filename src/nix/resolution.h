// SPDX-License-Identifier: Apache-2.0
// Turns a derivation into one without input derivations, once what it needs has been built.
#pragma once

#include "nix/derivation.h"

#include <functional>
#include <optional>
#include <string_view>

namespace firn::nix {

/// The path that an output of an input has: written in the input derivation, or from a realisation.
/// Nothing where it has not been built.
using FindOutput = std::function<std::optional<StorePath>(const SingleDerivedPath& output)>;

/// The derivation `name` with all inputs as sources, their placeholders replaced by their paths
/// (builder, arguments, variables and structured attributes), and deferred outputs named. Nothing
/// where an output has not been built. Throws what `find` throws, and Error{invalid} as
/// fill_output_paths does.
std::optional<BasicDerivation> try_resolve(const Derivation& derivation,
                                           std::string_view name,
                                           const FindOutput& find);

}  // namespace firn::nix
