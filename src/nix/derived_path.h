// SPDX-License-Identifier: Apache-2.0
// What can be asked for: store paths as they are, and outputs of derivations, which need not have
// been built. A derivation may itself be the output of another one ("dynamic", since Nix 2.17).
#pragma once

#include "nix/outputs_spec.h"
#include "nix/store_path.h"

#include <compare>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace firn::nix {

/// One store path, perhaps by way of derivations: `base`, or the output `outputs[0]` of it, or the
/// output `outputs[1]` of the derivation that this output is, and so on.
struct SingleDerivedPath {
  StorePath base;
  std::vector<std::string> outputs;

  /// `base` itself is meant.
  bool is_opaque() const { return outputs.empty(); }

  /// What it is the last output of. Not for opaque ones.
  SingleDerivedPath derivation() const;

  friend bool operator==(const SingleDerivedPath&, const SingleDerivedPath&) = default;
  /// Shorter chains first, as Nix orders them.
  friend std::strong_ordering operator<=>(const SingleDerivedPath& a, const SingleDerivedPath& b);
};

/// Outputs of one derivation.
struct BuiltPath {
  SingleDerivedPath derivation;
  OutputsSpec outputs;

  friend bool operator==(const BuiltPath&, const BuiltPath&) = default;
};

using DerivedPath = std::variant<StorePath, BuiltPath>;

/// What stands between a derivation and its outputs: '^' for users, '!' on the wire.
enum class OutputMark : char { caret = '^', bang = '!' };

std::string to_string(const SingleDerivedPath& path, OutputMark mark);
/// Throws Error{invalid}; so do all of these.
SingleDerivedPath parse_single_derived_path(std::string_view text, OutputMark mark);

/// "/nix/store/…", "/nix/store/….drv^*", "/nix/store/….drv^dev,out", "/nix/store/….drv^drv^out".
std::string to_string(const DerivedPath& path, OutputMark mark);
DerivedPath parse_derived_path(std::string_view text, OutputMark mark);

/// The form of the worker protocol below 1.30: a bare derivation stands for all its outputs. It has
/// no words for derivations as such, nor for dynamic ones: `to_old_string` throws then.
std::string to_old_string(const DerivedPath& path);
DerivedPath parse_old_derived_path(std::string_view text);

}  // namespace firn::nix
