// SPDX-License-Identifier: Apache-2.0
// What the paths of a derivation and of its outputs follow from. An input-addressed output is named
// after a hash of the derivation "modulo" two things: its own output paths, which it cannot
// contain, and where fixed-output inputs come from, which does not matter. So inputs are replaced
// by hashes: fixed-output ones by that of their content, the others by their own hash modulo.
#pragma once

#include "base/hash.h"
#include "nix/derivation.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace firn::nix {

/// The derivation depends, directly or not, on an output whose path its content decides; so there
/// is no hash before that is built.
struct DeferredModulo {
  friend bool operator==(const DeferredModulo&, const DeferredModulo&) = default;
};

/// What a derivation counts as where others have it as an input: nothing yet, one hash, or for a
/// fixed-output derivation one by output. All are SHA-256.
using InputModulo = std::variant<DeferredModulo, Hash, std::map<std::string, Hash>>;

/// By derivation. Bottom up: to compute the entry of one, its inputs must be there.
using InputModulos = std::unordered_map<DrvPath, InputModulo>;

/// As an input of others. Throws Error{not_found} where `inputs` lacks one, and Error{invalid}
/// where a fixed-output one has not the output that is asked for.
InputModulo input_modulo(const Derivation& derivation, const InputModulos& inputs);

/// The text that names input-addressed outputs after its SHA-256: own paths masked, inputs
/// replaced. Nothing where an input is deferred or dynamic. Throws as input_modulo does.
///
/// Inputs that have the same hash become one, with the outputs of all; Nix 2.35.0 to 2.35.2 keep
/// those of the last one only, and so name the outputs of such rare derivations differently.
std::optional<std::string> masked_aterm(const Derivation& derivation, const InputModulos& inputs);

/// The same for a derivation without input derivations.
std::string masked_aterm(const BasicDerivation& resolved);

/// Fills in what can be known: the paths of deferred outputs, and the variables named like outputs
/// with input-addressed or fixed paths where they are missing or empty. The hash is taken before
/// missing variables are added, as Nix 2.32 and newer do: add them empty for a derivation that
/// remains right when it is checked. A wrong variable of an output that was deferred is corrected.
/// Throws Error{invalid} where a path or another variable is wrong, or outputs break the rules of
/// check_outputs, and otherwise as input_modulo does.
void fill_output_paths(Derivation& derivation, std::string_view name, const InputModulos& inputs);
void fill_output_paths(BasicDerivation& resolved, std::string_view name);

/// Throws Error{invalid} where a path or a variable of an output is not what fill_output_paths
/// would have made of it. That an output is deferred without need is let pass, as by Nix.
void check_output_paths(const Derivation& derivation,
                        std::string_view name,
                        const InputModulos& inputs);

/// What the .drv file of `derivation` refers to: sources and input derivations, of dynamic inputs
/// the base. Not its outputs.
StorePathSet references_of(const Derivation& derivation);

/// The path of the .drv file. Throws Error{invalid} where "<name>.drv" is no store path name.
DrvPath derivation_path(const Derivation& derivation, std::string_view name);

}  // namespace firn::nix
