// SPDX-License-Identifier: Apache-2.0
// The outputs of a build as serve 2.6 and 2.7, and workers from 1.28 on without the feature
// realisation_with_path, carry them: a map from "sha256:<hash>!<output>" to a realisation as JSON.
// The hash is that of the derivation as it was sent, or zeros; the output's name and path are what
// counts.
#pragma once

#include "nix/build_result.h"
#include "wire/codec.h"

namespace firn::wire {

/// With a `hash_modulo`, as Nix 2.4 to 2.34 write it: {"dependentRealisations":{}, "id", "outPath",
/// "signatures"}. Without, as Nix 2.35 writes it to old peers: a hash of zeros, "id" and "outPath".
void json_outputs(Encoder& io, const nix::BuildResult& result);

/// Lenient: of a realisation, "outPath" must be there, and "signatures" may be, as texts or as
/// objects; if they are neither, they are left out. What else is there is passed over. A hash that
/// is none, of zeros, or not the same for all outputs counts as unknown.
void json_outputs(Decoder& io, nix::BuildResult& result);

}  // namespace firn::wire
