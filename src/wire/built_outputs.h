// SPDX-License-Identifier: Apache-2.0
// The outputs of a build as serve 2.6 and 2.7 carry them: a map from "sha256:<hash>!<output>" to a
// realisation as JSON. Only the output's name and path are of use: the hash is that of the
// derivation as it was sent, or zeros.
#pragma once

#include "nix/store_path.h"
#include "wire/codec.h"

#include <map>
#include <string>

namespace firn::wire {

/// Writes what Nix 2.35 writes to old clients: a hash of zeros, the id and the path.
void json_outputs(Encoder& io, const std::map<std::string, nix::StorePath>& outputs);

/// Lenient: of a realisation only "outPath" is looked at.
void json_outputs(Decoder& io, std::map<std::string, nix::StorePath>& outputs);

}  // namespace firn::wire
