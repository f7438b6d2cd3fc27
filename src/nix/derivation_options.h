// SPDX-License-Identifier: Apache-2.0
// What a derivation says about how it wants to be built and checked, read from its environment or,
// where it has them, from its structured attributes. Scheduling needs three of these only: see
// SchedulingAttributes in derivation.h, which are cheaper to read.
#pragma once

#include "nix/derivation.h"
#include "nix/json.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

namespace firn::nix {

/// What a reference may or must not lead to: an output of the derivation itself, by name, or a
/// path.
using AllowedReference = std::variant<std::string, SingleDerivedPath>;
using AllowedReferences = std::set<AllowedReference>;

/// Rules for the outputs once they have been built.
struct OutputChecks {
  /// References of an output to itself count for nothing.
  bool ignore_self_refs = false;
  /// In bytes, of the NAR and of the closure.
  std::optional<std::uint64_t> max_size = {};
  std::optional<std::uint64_t> max_closure_size = {};
  /// Nothing = all. Requisites are references of references, too.
  std::optional<AllowedReferences> allowed_references = {};
  AllowedReferences disallowed_references = {};
  std::optional<AllowedReferences> allowed_requisites = {};
  AllowedReferences disallowed_requisites = {};

  friend bool operator==(const OutputChecks&, const OutputChecks&) = default;
};

struct DerivationOptions {
  /// For all outputs alike; with structured attributes by output.
  std::variant<OutputChecks, std::map<std::string, OutputChecks>> output_checks;
  /// Outputs that are not searched for references.
  std::map<std::string, bool> unsafe_discard_references;
  /// Variables that the builder gets as files.
  std::set<std::string> pass_as_file;
  /// File → paths whose closure is described in it.
  std::map<std::string, std::set<SingleDerivedPath>> export_references_graph;
  std::string additional_sandbox_profile;
  bool no_chroot = false;
  std::set<std::string> impure_host_deps;
  std::set<std::string> impure_env_vars;
  bool allow_local_networking = false;
  std::set<std::string> required_system_features;
  bool prefer_local_build = false;
  bool allow_substitutes = true;

  friend bool operator==(const DerivationOptions&, const DerivationOptions&) = default;
};

/// Placeholders of inputs are recognised. Throws Error{invalid} where an attribute is not of its
/// type, a path is none, or the structured attributes are no JSON object.
DerivationOptions derivation_options(const Derivation& derivation);
/// Of a resolved derivation.
DerivationOptions derivation_options(const BasicDerivation& derivation);

Json to_json(const DerivationOptions& options);
/// Throws Error{invalid}.
DerivationOptions derivation_options_from(const JsonPlace& place);

}  // namespace firn::nix
