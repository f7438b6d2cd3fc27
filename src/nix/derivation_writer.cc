// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_writer.h"

#include "nix/aterm.h"
#include "nix/derivation_inputs.h"

#include <span>
#include <string_view>
#include <utility>

namespace firn::nix {

namespace {

/// Appends "[", the items with commas in between, and "]".
template <class Items, class AppendItem>
void append_list(std::string& out, const Items& items, AppendItem append_item) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!std::exchange(first, false)) out += ',';
    append_item(item);
  }
  out += ']';
}

template <class Items>
void append_strings(std::string& out, const Items& items) {
  append_list(out, items, [&](std::string_view item) { append_aterm_string(out, item); });
}

void append_output(std::string& out,
                   std::string_view name,
                   const DerivationOutput& output,
                   OwnPaths own_paths) {
  const bool has_path = output.path && own_paths == OwnPaths::kept;
  out += '(';
  append_aterm_string(out, name);
  out += ',';
  append_aterm_string(out, has_path ? output.path->str() : "");
  out += ',';
  append_aterm_string(out, output.hash_algo);
  out += ',';
  append_aterm_string(out, output.hash);
  out += ')';
}

void append_needed(std::string& out, std::span<const OutputChain> chains, std::size_t step) {
  const OutputLevel level = output_level(chains, step);
  if (level.deeper.empty()) {
    append_strings(out, level.names);
    return;
  }
  out += '(';
  append_strings(out, level.names);
  out += ',';
  append_list(out, level.deeper, [&](const auto& entry) {
    out += '(';
    append_aterm_string(out, entry.first);
    out += ',';
    append_needed(out, entry.second, step + 1);
    out += ')';
  });
  out += ')';
}

/// By path or by hash, whatever `key_text` makes of the keys.
template <class Inputs, class KeyText>
void append_inputs(std::string& out, const Inputs& inputs, KeyText key_text) {
  append_list(out, inputs, [&](const auto& entry) {
    out += '(';
    append_aterm_string(out, key_text(entry.first));
    out += ',';
    append_strings(out, entry.second);
    out += ')';
  });
}

void append_inputs(std::string& out, const Derivation& derivation) {
  if (derivation.dynamic_inputs.empty()) {
    append_inputs(out, derivation.input_derivations, [](const DrvPath& drv) { return drv.str(); });
    return;
  }
  append_list(out, chains_by_input(derivation), [&](const auto& entry) {
    out += '(';
    append_aterm_string(out, entry.first.str());
    out += ',';
    append_needed(out, entry.second, 0);
    out += ')';
  });
}

void append_environment(std::string& out, const BasicDerivation& derivation, OwnPaths own_paths) {
  append_list(out, derivation.env, [&](const auto& variable) {
    const bool is_masked =
        own_paths == OwnPaths::masked && derivation.outputs.contains(variable.first);
    out += '(';
    append_aterm_string(out, variable.first);
    out += ',';
    append_aterm_string(out, is_masked ? std::string_view() : variable.second);
    out += ')';
  });
}

/// All but the inputs that are derivations, which `append_input_derivations` appends.
template <class AppendInputs>
void append_body(std::string& out,
                 const BasicDerivation& derivation,
                 OwnPaths own_paths,
                 AppendInputs append_input_derivations) {
  append_list(out, derivation.outputs, [&](const auto& entry) {
    append_output(out, entry.first, entry.second, own_paths);
  });
  out += ',';
  append_input_derivations();
  out += ',';
  append_list(out, derivation.input_sources, [&](const StorePath& path) {
    append_aterm_string(out, path.str());
  });
  out += ',';
  append_aterm_string(out, derivation.platform);
  out += ',';
  append_aterm_string(out, derivation.builder);
  out += ',';
  append_strings(out, derivation.args);
  out += ',';
  append_environment(out, derivation, own_paths);
  out += ')';
}

std::size_t size_estimate(const BasicDerivation& derivation, std::size_t inputs) {
  constexpr std::size_t kPath = 100;
  std::size_t size = 200 + derivation.builder.size() + derivation.outputs.size() * 2 * kPath;
  size += (inputs + derivation.input_sources.size()) * kPath;
  for (const auto& arg : derivation.args)
    size += arg.size() + 8;
  for (const auto& [key, value] : derivation.env) {
    size += key.size() + value.size() + value.size() / 16 + 8;
  }
  return size;
}

}  // namespace

std::string to_aterm(const Derivation& derivation) {
  std::string out;
  out.reserve(size_estimate(derivation, derivation.input_derivations.size()));
  out += derivation.dynamic_inputs.empty() ? "Derive(" : "DrvWithVersion(\"xp-dyn-drv\",";
  append_body(out, derivation, OwnPaths::kept, [&] { append_inputs(out, derivation); });
  return out;
}

std::string to_aterm_modulo(const BasicDerivation& derivation,
                            const HashedInputs& inputs,
                            OwnPaths own_paths) {
  std::string out;
  out.reserve(size_estimate(derivation, inputs.size()));
  out += "Derive(";
  append_body(out, derivation, own_paths, [&] {
    append_inputs(out, inputs, [](const std::string& hash) { return std::string_view(hash); });
  });
  return out;
}

}  // namespace firn::nix
