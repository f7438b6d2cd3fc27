// SPDX-License-Identifier: Apache-2.0
// Derivations: the ATerm form byte for byte, and the form without inputs that builders receive.
// Input-addressed and fixed outputs are understood in full; the other kinds are carried unchanged.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nix/store_path.h"

namespace firn::nix {

/// One output as its four strings say. `path` is empty where it is not known before the build.
struct DerivationOutput {
  std::optional<StorePath> path;
  /// "", "sha256", "r:sha256", "text:sha256", "git:sha1", …
  std::string hash_algo;
  /// Base16, "" or "impure".
  std::string hash;

  /// A fixed-output derivation's: its content is known before the build.
  bool is_fixed() const { return !hash_algo.empty() && !hash.empty() && hash != "impure"; }

  friend bool operator==(const DerivationOutput&, const DerivationOutput&) = default;
};

/// What BuildDerivation sends: a derivation whose inputs have become store paths.
struct BasicDerivation {
  std::map<std::string, DerivationOutput> outputs;
  StorePathSet input_sources;
  std::string platform;
  std::string builder;
  std::vector<std::string> args;
  /// Structured attributes are the variable "__json", an opaque text.
  std::map<std::string, std::string> env;

  friend bool operator==(const BasicDerivation&, const BasicDerivation&) = default;
};

/// A derivation as its .drv file says.
struct Derivation : BasicDerivation {
  /// Input derivation → the outputs of it that are needed.
  std::map<DrvPath, std::set<std::string>> input_derivations;

  friend bool operator==(const Derivation&, const Derivation&) = default;
};

/// Parses "Derive(…)". Strict: nothing may follow the closing parenthesis. Throws Error{invalid} with offset and expectation.
Derivation parse_derivation(std::string_view aterm);

/// The bytes that Nix writes for it.
std::string to_aterm(const Derivation& derivation);

/// True where the only output is fixed.
bool is_fixed_output(const BasicDerivation& derivation);

/// The features that a builder must have: `requiredSystemFeatures` from the environment or from structured attributes.
std::set<std::string> required_system_features(const BasicDerivation& derivation);

/// The variables `preferLocalBuild` and `allowSubstitutes`, from either place.
bool prefers_local_build(const BasicDerivation& derivation);
bool allows_substitutes(const BasicDerivation& derivation);

}  // namespace firn::nix
