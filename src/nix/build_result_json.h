// SPDX-License-Identifier: Apache-2.0
// Build results as JSON, as Nix has printed them since 2.32.
#pragma once

#include "nix/build_result.h"
#include "nix/derived_path.h"
#include "nix/json.h"

#include <utility>

namespace firn::nix {

/// Outputs are realisations without a key, as since 2.35; or those of 2.34 and older where the hash
/// that names them is known. Throws Error{invalid} for a status that is not known.
Json to_json(const BuildResult& result);
/// Takes both forms. Throws Error{invalid}.
BuildResult build_result_from(const JsonPlace& place);

/// The same with the target as "path".
Json keyed_json(const DerivedPath& target, const BuildResult& result);
std::pair<DerivedPath, BuildResult> keyed_build_result_from(const JsonPlace& place);

}  // namespace firn::nix
