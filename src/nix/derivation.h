// SPDX-License-Identifier: Apache-2.0
// Derivations: the ATerm form byte for byte, and the form without inputs that builders receive.
#pragma once

#include "nix/content_address.h"
#include "nix/derived_path.h"
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

/// One output as its strings say, in derivations and in both protocols.
struct DerivationOutput {
  /// Not known before the build for floating, deferred and impure outputs.
  std::optional<StorePath> path;
  /// "", "sha256", "r:sha256", "text:sha256", "git:sha1", …
  std::string hash_algo;
  /// Base16, "" or "impure".
  std::string hash;

  static DerivationOutput input_addressed(StorePath path);
  static DerivationOutput fixed(StorePath path, const ContentAddress& address);
  static DerivationOutput floating(const ContentAddressing& addressing);
  static DerivationOutput impure(const ContentAddressing& addressing);

  OutputKind kind() const;

  bool is_fixed() const { return kind() == OutputKind::fixed; }

  /// Of fixed, floating and impure outputs. Throws Error{invalid} where the strings are bad, which
  /// cannot be in what parse_derivation returned.
  ContentAddressing addressing() const;
  /// Of fixed outputs; otherwise as above.
  ContentAddress address() const;

  friend bool operator==(const DerivationOutput&, const DerivationOutput&) = default;
};

/// What BuildDerivation sends: a derivation whose inputs have become store paths.
struct BasicDerivation {
  std::map<std::string, DerivationOutput> outputs;
  StorePathSet input_sources;
  std::string platform;
  std::string builder;
  std::vector<std::string> args;
  /// Structured attributes are the variable kStructuredAttributes, an opaque text: it is hashed as
  /// it is.
  std::map<std::string, std::string> env;

  friend bool operator==(const BasicDerivation&, const BasicDerivation&) = default;
};

inline constexpr const char* kStructuredAttributes = "__json";

/// A derivation as its .drv file says. Its name is not in there but in the file's own path.
struct Derivation : BasicDerivation {
  /// Input derivation → the outputs of it that are needed, at least one.
  std::map<DrvPath, std::set<std::string>> input_derivations;
  /// Outputs of derivations that are themselves outputs, so of two or more steps. Hardly ever any.
  std::set<SingleDerivedPath> dynamic_inputs;

  friend bool operator==(const Derivation&, const Derivation&) = default;
};

/// Parses "Derive(…)" and, since Nix 2.17, "DrvWithVersion("xp-dyn-drv",…)". Strict: nothing may
/// follow the closing parenthesis, no key is there twice, no input is without outputs, all outputs
/// are of one kind and their strings fit it. Throws Error{invalid} with offset and expectation.
Derivation parse_derivation(std::string_view aterm);

/// The same for the derivation `name`: then the path of a fixed output must be the one that follows
/// from its hash, as Nix 2.35 and newer ask.
Derivation parse_derivation(std::string_view aterm, std::string_view name);

/// The bytes that Nix writes for it: the second form exactly where there are dynamic inputs.
std::string to_aterm(const Derivation& derivation);

/// Throws Error{invalid} where the outputs are not all of one kind, or contradict themselves.
void check_outputs(const std::map<std::string, DerivationOutput>& outputs);

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
