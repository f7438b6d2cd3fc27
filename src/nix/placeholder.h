// SPDX-License-Identifier: Apache-2.0
// Texts that stand for output paths that are not known yet: "/" and 52 nix32 digits.
#pragma once

#include "nix/derived_path.h"

#include <string>
#include <string_view>

namespace firn::nix {

/// For an output of the derivation itself; `builtins.placeholder`. For "out" it is
/// "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9".
std::string output_placeholder(std::string_view output);

/// For an output of an input whose path its content decides (since Nix 2.4), or of a derivation
/// that is an output itself (since 2.17). Throws Error{invalid} where `input` is opaque, or its
/// base no derivation.
std::string input_placeholder(const SingleDerivedPath& input);

}  // namespace firn::nix
