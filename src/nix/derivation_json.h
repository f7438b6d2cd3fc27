// SPDX-License-Identifier: Apache-2.0
// Derivations as JSON: format 4, which `nix derivation show` prints and `nix derivation add` takes
// since Nix 2.33, and the first one, which `nix show-derivation` printed up to 2.18.
#pragma once

#include "nix/derivation.h"
#include "nix/json.h"

#include <string>
#include <string_view>

namespace firn::nix {

/// Of a fixed output the content address, not the path, which follows from it.
Json to_json(const DerivationOutput& output);
/// The output `output_name` of the derivation `derivation_name`. Throws Error{invalid}, also for
/// combinations of keys that no kind of output has.
DerivationOutput derivation_output_from(const JsonPlace& place,
                                        std::string_view derivation_name,
                                        std::string_view output_name);

/// JSON has the name in it.
template <class T>
struct Named {
  std::string name;
  T derivation;

  friend bool operator==(const Named&, const Named&) = default;
};

/// "inputs" is an object of "srcs" and "drvs". Structured attributes stand as "structuredAttrs" in
/// place of their variable. Throws Error{invalid} where they are no JSON.
Json to_json(const Derivation& derivation, std::string_view name);
/// Throws Error{invalid}, also for other formats than 4.
Named<Derivation> derivation_from(const JsonPlace& place);

/// "inputs" is the list of sources.
Json to_json(const BasicDerivation& derivation, std::string_view name);
Named<BasicDerivation> basic_derivation_from(const JsonPlace& place);

/// The first format: full paths, "inputSrcs" and "inputDrvs", hashes as in ATerm, no name. Throws
/// Error{invalid} where there are dynamic inputs, which are younger than it.
Json to_first_json(const Derivation& derivation);

}  // namespace firn::nix
