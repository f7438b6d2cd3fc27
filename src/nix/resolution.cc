// SPDX-License-Identifier: Apache-2.0
#include "nix/resolution.h"

#include "nix/output_paths.h"
#include "nix/placeholder.h"

#include <map>
#include <string>
#include <utility>

namespace firn::nix {

namespace {

/// Placeholder → path.
using Rewrites = std::map<std::string, std::string>;

void rewrite(std::string& text, const Rewrites& rewrites) {
  for (const auto& [from, to] : rewrites) {
    std::size_t at = text.find(from);
    while (at != std::string::npos) {
      text.replace(at, from.size(), to);
      at = text.find(from, at + to.size());
    }
  }
}

void rewrite(BasicDerivation& derivation, const Rewrites& rewrites) {
  rewrite(derivation.builder, rewrites);
  for (std::string& arg : derivation.args)
    rewrite(arg, rewrites);
  std::map<std::string, std::string> env;
  for (auto& [key, value] : derivation.env) {
    std::string rewritten_key = key;
    rewrite(rewritten_key, rewrites);
    rewrite(value, rewrites);
    env.emplace(std::move(rewritten_key), std::move(value));
  }
  derivation.env = std::move(env);
}

/// Adds the paths of all inputs, and how their placeholders are to be replaced.
class InputPaths {
 public:
  InputPaths(const FindOutput& find, BasicDerivation& resolved)
      : find_(find), resolved_(resolved) {}

  /// False where it has not been built.
  bool add(const SingleDerivedPath& input) {
    const auto path = find_(input);
    if (!path) return false;
    resolved_.input_sources.insert(*path);
    rewrites_.emplace(input_placeholder(input), path->str());
    return true;
  }

  const Rewrites& rewrites() const { return rewrites_; }

 private:
  const FindOutput& find_;
  BasicDerivation& resolved_;
  Rewrites rewrites_;
};

bool is_named_by_path(const BasicDerivation& derivation) {
  return !derivation.outputs.empty() &&
         derivation.outputs.begin()->second.kind() == OutputKind::input_addressed;
}

}  // namespace

std::optional<BasicDerivation> try_resolve(const Derivation& derivation,
                                           std::string_view name,
                                           const FindOutput& find) {
  auto resolved = static_cast<const BasicDerivation&>(derivation);
  InputPaths inputs(find, resolved);
  for (const auto& [drv, outputs] : derivation.input_derivations) {
    for (const std::string& output : outputs) {
      if (!inputs.add({.base = drv.path(), .outputs = {output}})) return std::nullopt;
    }
  }
  for (const SingleDerivedPath& input : derivation.dynamic_inputs) {
    if (!inputs.add(input)) return std::nullopt;
  }
  rewrite(resolved, inputs.rewrites());
  // Paths that are known already are those of the unresolved derivation, and stay so.
  if (!is_named_by_path(resolved)) fill_output_paths(resolved, name);
  return resolved;
}

}  // namespace firn::nix
