// SPDX-License-Identifier: Apache-2.0
// The kinds of outputs, and the rules that outputs must keep.
#include "nix/derivation.h"

#include "base/encoding.h"
#include "base/error.h"

#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::string_view kImpure = "impure";

[[noreturn]] void fail_output(std::string_view name, std::string_view rule) {
  throw Error(Kind::invalid, fmt::format("derivation: output {} {}", in_quotes(name), rule));
}

void check_output(std::string_view name, const DerivationOutput& output) {
  if (output.hash_algo.empty() && !output.hash.empty()) {
    fail_output(name, "has a hash, but no hash algorithm");
  }
  const OutputKind kind = output.kind();
  if (kind == OutputKind::fixed && !output.path) fail_output(name, "has a hash, but no path");
  if ((kind == OutputKind::floating || kind == OutputKind::impure) && output.path) {
    fail_output(name, "has a path, though its content decides that");
  }
  try {
    if (kind == OutputKind::fixed) {
      output.address();
    } else if (!output.hash_algo.empty()) {
      output.addressing();
    }
  } catch (Error& error) {
    error.add_context(fmt::format("reading output {} of a derivation", in_quotes(name)));
    throw;
  }
}

}  // namespace

DerivationOutput DerivationOutput::input_addressed(StorePath path) {
  return {.path = std::move(path), .hash_algo = {}, .hash = {}};
}

DerivationOutput DerivationOutput::fixed(StorePath path, const ContentAddress& address) {
  return {.path = std::move(path),
          .hash_algo = to_hash_algo(address.addressing()),
          .hash = address.hash.encode(HashForm::base16)};
}

DerivationOutput DerivationOutput::floating(const ContentAddressing& addressing) {
  return {.path = std::nullopt, .hash_algo = to_hash_algo(addressing), .hash = {}};
}

DerivationOutput DerivationOutput::impure(const ContentAddressing& addressing) {
  return {
      .path = std::nullopt, .hash_algo = to_hash_algo(addressing), .hash = std::string(kImpure)};
}

OutputKind DerivationOutput::kind() const {
  if (hash_algo.empty()) return path ? OutputKind::input_addressed : OutputKind::deferred;
  if (hash.empty()) return OutputKind::floating;
  return hash == kImpure ? OutputKind::impure : OutputKind::fixed;
}

ContentAddressing DerivationOutput::addressing() const {
  return parse_hash_algo(hash_algo);
}

ContentAddress DerivationOutput::address() const {
  const auto [method, algorithm] = addressing();
  return {.method = method, .hash = parse_bare_hash(hash, algorithm)};
}

void check_outputs(const std::map<std::string, DerivationOutput>& outputs) {
  for (const auto& [name, output] : outputs) {
    check_output(name, output);
    const DerivationOutput& first = outputs.begin()->second;
    if (output.kind() != first.kind()) fail_output(name, "is of another kind than the others");
    if (output.kind() == OutputKind::floating &&
        output.addressing().algorithm != first.addressing().algorithm) {
      fail_output(name, "has another hash algorithm than the others");
    }
    if (output.is_fixed() && (outputs.size() > 1 || name != "out")) {
      fail_output(name, "has a fixed hash: then 'out' must be the only output");
    }
  }
}

bool is_fixed_output(const BasicDerivation& derivation) {
  return derivation.outputs.size() == 1 && derivation.outputs.begin()->second.is_fixed();
}

}  // namespace firn::nix
