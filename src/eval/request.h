// SPDX-License-Identifier: Apache-2.0
// What a person asks to have built, before anything is evaluated: a Nix file with attributes,
// derivations, or installables.
#pragma once

#include "nix/store_path.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace firn::eval {

/// `--arg NAME EXPRESSION` or `--argstr NAME TEXT`.
struct Argument {
  enum class Form : std::uint8_t { expression, text };

  Form form = Form::expression;
  std::string name;
  std::string value;

  friend bool operator==(const Argument&, const Argument&) = default;
};

/// The words of `firn build`, as typed. Without inputs: ./default.nix, else the flake in this
/// folder.
struct Request {
  /// One file, or derivations, or installables.
  std::vector<std::string> inputs;
  /// `-A`; for a file only.
  std::vector<std::string> attributes;
  /// In the order given.
  std::vector<Argument> arguments;
};

/// What is wanted of one derivation.
struct Target {
  nix::DrvPath drv;
  /// None named: all of them. Nobody has checked yet that the derivation has them.
  std::set<std::string> outputs;

  friend bool operator==(const Target&, const Target&) = default;
};

enum class InputKind : std::uint8_t { file, derivation, installable };

/// Looks at the form of `input` and, where that leaves it open, at the file system. A name that
/// means nothing at all is a file: the error about it comes with the evaluation.
InputKind classify(const std::string& input);

/// The kind of all inputs of `request`. Throws Error{invalid} where they are mixed, where a second
/// file is named, or where attributes or arguments come with something that has none.
InputKind kind_of(const Request& request);

/// Takes a derivation's store path, or a symlink to one, with or without outputs behind `^` or `!`
/// ("….drv^out,dev", "….drv^*"). Throws Error{invalid} or Error{not_found}.
Target parse_derivation_input(std::string_view input);

/// An installable without its outputs, and these; none named: what the installable itself wants.
struct Installable {
  std::string reference;
  std::set<std::string> outputs;
  bool all_outputs = false;
};

/// Splits ".#hello^out,dev". Throws as nix::parse_outputs_spec does.
Installable parse_installable(std::string_view input);

}  // namespace firn::eval
