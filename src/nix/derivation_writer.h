// SPDX-License-Identifier: Apache-2.0
// Derivations as ATerm, in the shapes that are hashed; `to_aterm` itself is in derivation.h.
#pragma once

#include "nix/derivation.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace firn::nix {

/// Inputs by the base16 of their hash modulo, where derivations have them by path.
using HashedInputs = std::map<std::string, std::set<std::string>>;

/// What becomes of a derivation's own output paths, and of the variables named like its outputs.
enum class OwnPaths : std::uint8_t {
  kept,
  masked,  ///< written as ""; what is not there is not added
};

std::string to_aterm_modulo(const BasicDerivation& derivation,
                            const HashedInputs& inputs,
                            OwnPaths own_paths);

}  // namespace firn::nix
