// SPDX-License-Identifier: Apache-2.0
// Derivations: the ATerm form byte for byte, and the form without inputs that builders receive.
// Input-addressed and fixed outputs are understood in full; the other kinds are carried unchanged.
#pragma once

#include "nix/store_path.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace firn::nix {

/// How an output gets its path.
enum class OutputKind : std::uint8_t {
  input_addressed,  ///< from the derivation's inputs
  fixed,            ///< from the hash that the content must have
  floating,         ///< from the content, after the build
  deferred,         ///< from inputs, some of which are floating themselves
  impure,           ///< from the content, built anew every time
};

/// One output as its four strings say. `path` is empty where it is not known before the build.
struct DerivationOutput {
  std::optional<StorePath> path;
  /// "", "sha256", "r:sha256", "text:sha256", "git:sha1", …
  std::string hash_algo;
  /// Base16, "" or "impure".
  std::string hash;

  OutputKind kind() const;

  bool is_fixed() const { return kind() == OutputKind::fixed; }

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

/// Parses "Derive(…)". Strict: nothing may follow the closing parenthesis, no key is there twice,
/// all outputs are of one kind. Throws Error{invalid} with offset and expectation; so it does for
/// the form "DrvWithVersion(…)" of dynamic derivations.
Derivation parse_derivation(std::string_view aterm);

/// The bytes that Nix writes for it.
std::string to_aterm(const Derivation& derivation);

/// True where the only output is fixed.
bool is_fixed_output(const BasicDerivation& derivation);

/// What a derivation asks of those who schedule it: from its environment or, where it has
/// structured attributes, from these alone.
struct SchedulingAttributes {
  /// What a builder must have: `requiredSystemFeatures`, and "ca-derivations" where an output path
  /// is not known.
  std::set<std::string> required_system_features;
  bool prefer_local_build = false;
  bool allow_substitutes = true;
};

/// Throws Error{invalid} where the structured attributes are no JSON object or have other types.
/// Reads all three at once: with structured attributes the three functions below cost as much as
/// this one, each.
SchedulingAttributes scheduling_attributes(const BasicDerivation& derivation);

std::set<std::string> required_system_features(const BasicDerivation& derivation);
bool prefers_local_build(const BasicDerivation& derivation);
bool allows_substitutes(const BasicDerivation& derivation);

}  // namespace firn::nix
