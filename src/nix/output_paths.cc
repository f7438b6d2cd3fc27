// SPDX-License-Identifier: Apache-2.0
#include "nix/output_paths.h"

#include "base/encoding.h"
#include "base/error.h"
#include "nix/derivation_writer.h"
#include "nix/store_path_computation.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

/// Adds what is needed of one input. Returns false where it is deferred.
bool add_input(HashedInputs& hashed,
               const DrvPath& drv,
               const std::set<std::string>& names,
               const InputModulos& inputs) {
  const auto found = inputs.find(drv);
  if (found == inputs.end()) {
    throw Error(Kind::not_found, fmt::format("the hash of the input {} is not known", drv.str()));
  }
  if (std::holds_alternative<DeferredModulo>(found->second)) return false;
  if (const auto* hash = std::get_if<Hash>(&found->second)) {
    hashed[hash->encode(HashForm::base16)].insert(names.begin(), names.end());
    return true;
  }
  const auto& by_output = std::get<std::map<std::string, Hash>>(found->second);
  for (const std::string& name : names) {
    const auto output = by_output.find(name);
    if (output == by_output.end()) {
      throw Error(Kind::invalid, fmt::format("{} has no output {}", drv.str(), in_quotes(name)));
    }
    hashed[output->second.encode(HashForm::base16)].insert("out");
  }
  return true;
}

std::optional<HashedInputs> hashed_inputs(const Derivation& derivation,
                                          const InputModulos& inputs) {
  if (!derivation.dynamic_inputs.empty()) return std::nullopt;
  HashedInputs hashed;
  for (const auto& [drv, names] : derivation.input_derivations) {
    if (!add_input(hashed, drv, names, inputs)) return std::nullopt;
  }
  return hashed;
}

Hash fixed_modulo(const DerivationOutput& output) {
  return hash_of(HashAlgorithm::sha256,
                 fmt::format("fixed:out:{}:{}:{}",
                             output.hash_algo,
                             output.hash,
                             output.path ? output.path->str() : ""));
}

enum class WrongVariable : std::uint8_t { is_an_error, is_corrected };

void fill_variable(BasicDerivation& derivation,
                   const std::string& output,
                   const StorePath& path,
                   WrongVariable wrong) {
  std::string& variable = derivation.env[output];
  const std::string expected = path.str();
  if (variable == expected) return;
  if (!variable.empty() && wrong == WrongVariable::is_an_error) {
    throw Error(Kind::invalid,
                fmt::format("derivation: the variable {} is {}, but the path of this output is {}",
                            in_quotes(output),
                            in_quotes(variable),
                            expected));
  }
  variable = expected;
}

[[noreturn]] void fail_path(std::string_view output,
                            const StorePath& path,
                            std::string_view expected) {
  throw Error(Kind::invalid,
              fmt::format("derivation: output {} has the path {}, but {}",
                          in_quotes(output),
                          path.str(),
                          expected));
}

/// The path that `output` must have; nothing where only a build can tell.
std::optional<StorePath> path_of(std::string_view name,
                                 std::string_view output_name,
                                 const DerivationOutput& output,
                                 const std::optional<Hash>& modulo) {
  switch (output.kind()) {
    case OutputKind::fixed:
      return content_addressed_path(output_path_name(name, output_name), output.address());
    case OutputKind::input_addressed:
    case OutputKind::deferred:
      if (!modulo) return std::nullopt;
      return input_addressed_path(name, output_name, *modulo);
    case OutputKind::floating:
    case OutputKind::impure:
      break;
  }
  return std::nullopt;
}

void check_path(std::string_view output_name,
                const DerivationOutput& output,
                const std::optional<StorePath>& expected) {
  if (!output.path || output.path == expected) return;
  fail_path(
      output_name,
      *output.path,
      expected ? "it must be " + expected->str() : "it is known only once inputs have been built");
}

bool is_named_by_hash(const BasicDerivation& derivation) {
  return std::any_of(derivation.outputs.begin(), derivation.outputs.end(), [](const auto& entry) {
    return entry.second.hash_algo.empty();
  });
}

using FindMaskedAterm = std::function<std::optional<std::string>()>;

std::optional<Hash> modulo_of(const BasicDerivation& derivation, const FindMaskedAterm& masked) {
  if (!is_named_by_hash(derivation)) return std::nullopt;
  const auto text = masked();
  if (!text) return std::nullopt;
  return hash_of(HashAlgorithm::sha256, *text);
}

void fill(BasicDerivation& derivation, std::string_view name, const FindMaskedAterm& masked) {
  check_outputs(derivation.outputs);
  const std::optional<Hash> modulo = modulo_of(derivation, masked);
  for (auto& [output_name, output] : derivation.outputs) {
    const std::optional<StorePath> path = path_of(name, output_name, output, modulo);
    check_path(output_name, output, path);
    if (!path) continue;
    const auto wrong =
        std::exchange(output.path, path) ? WrongVariable::is_an_error : WrongVariable::is_corrected;
    fill_variable(derivation, output_name, *path, wrong);
  }
}

}  // namespace

InputModulo input_modulo(const Derivation& derivation, const InputModulos& inputs) {
  if (is_fixed_output(derivation)) {
    const auto& [name, output] = *derivation.outputs.begin();
    return std::map<std::string, Hash>{{name, fixed_modulo(output)}};
  }
  const bool is_known =
      std::all_of(derivation.outputs.begin(), derivation.outputs.end(), [](const auto& entry) {
        return entry.second.kind() == OutputKind::input_addressed;
      });
  const auto hashed = is_known ? hashed_inputs(derivation, inputs) : std::nullopt;
  if (!hashed) return DeferredModulo{};
  return hash_of(HashAlgorithm::sha256, to_aterm_modulo(derivation, *hashed, OwnPaths::kept));
}

std::optional<std::string> masked_aterm(const Derivation& derivation, const InputModulos& inputs) {
  const auto hashed = hashed_inputs(derivation, inputs);
  if (!hashed) return std::nullopt;
  return to_aterm_modulo(derivation, *hashed, OwnPaths::masked);
}

std::string masked_aterm(const BasicDerivation& resolved) {
  return to_aterm_modulo(resolved, {}, OwnPaths::masked);
}

void fill_output_paths(Derivation& derivation, std::string_view name, const InputModulos& inputs) {
  fill(derivation, name, [&] { return masked_aterm(derivation, inputs); });
}

void fill_output_paths(BasicDerivation& resolved, std::string_view name) {
  fill(resolved, name, [&] { return masked_aterm(resolved); });
}

void check_output_paths(const Derivation& derivation,
                        std::string_view name,
                        const InputModulos& inputs) {
  check_outputs(derivation.outputs);
  const auto modulo = modulo_of(derivation, [&] { return masked_aterm(derivation, inputs); });
  for (const auto& [output_name, output] : derivation.outputs) {
    check_path(output_name, output, path_of(name, output_name, output, modulo));
    if (!output.path) continue;
    const auto variable = derivation.env.find(output_name);
    if (variable != derivation.env.end() && variable->second == output.path->str()) continue;
    fail_path(output_name, *output.path, "the variable of this name says something else");
  }
}

StorePathSet references_of(const Derivation& derivation) {
  StorePathSet references = derivation.input_sources;
  for (const auto& [drv, names] : derivation.input_derivations)
    references.insert(drv.path());
  for (const SingleDerivedPath& input : derivation.dynamic_inputs)
    references.insert(input.base);
  return references;
}

DrvPath derivation_path(const Derivation& derivation, std::string_view name) {
  const Hash contents = hash_of(HashAlgorithm::sha256, to_aterm(derivation));
  return DrvPath(text_path(fmt::format("{}.drv", name), contents, references_of(derivation)));
}

}  // namespace firn::nix
