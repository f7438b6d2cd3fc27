// SPDX-License-Identifier: Apache-2.0
// Derived paths and output specifications as JSON: "<base name>",
// {"drvPath":"<base name>","output":"out"}, {"drvPath":…,"outputs":["*"]}. A "drvPath" may be a
// path by way of derivations itself.
#pragma once

#include "nix/derived_path.h"
#include "nix/json.h"

#include <optional>

namespace firn::nix {

/// A list of names, or ["*"].
Json to_json(const OutputsSpec& outputs);
/// Throws Error{invalid}; so do all of these.
OutputsSpec outputs_spec_from(const JsonPlace& place);

/// Null where no outputs were chosen.
Json to_json(const std::optional<OutputsSpec>& outputs);
std::optional<OutputsSpec> optional_outputs_spec_from(const JsonPlace& place);

Json to_json(const SingleDerivedPath& path);
SingleDerivedPath single_derived_path_from(const JsonPlace& place);

Json to_json(const DerivedPath& path);
DerivedPath derived_path_from(const JsonPlace& place);

}  // namespace firn::nix
