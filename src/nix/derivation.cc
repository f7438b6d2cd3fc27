// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation.h"

#include "base/encoding.h"
#include "base/error.h"
#include "nix/aterm.h"

#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

StorePath path_from(std::string_view text, std::size_t offset) {
  try {
    return parse_store_path(text);
  } catch (Error& error) {
    error.add_context(fmt::format("reading the string at offset {} of a derivation", offset));
    throw;
  }
}

StorePath read_path(AtermReader& in) {
  const std::size_t offset = in.offset();
  return path_from(in.plain_string(), offset);
}

[[noreturn]] void fail_twice(std::string_view what, std::string_view name, std::size_t offset) {
  throw Error(
      Kind::invalid,
      fmt::format(
          "derivation: {} {} is there twice, again at offset {}", what, in_quotes(name), offset));
}

/// Sorted input, which is what Nix writes, is put at the end without a search.
template <class Map>
void put(Map& map,
         typename Map::key_type key,
         typename Map::mapped_type value,
         std::size_t offset) {
  const std::size_t before = map.size();
  const auto at = map.emplace_hint(map.end(), std::move(key), std::move(value));
  if (map.size() != before) return;
  if constexpr (std::is_same_v<typename Map::key_type, DrvPath>) {
    fail_twice("input", at->first.str(), offset);
  } else {
    fail_twice("key", at->first, offset);
  }
}

std::set<std::string> read_names(AtermReader& in) {
  std::set<std::string> names;
  in.list([&] { names.emplace_hint(names.end(), in.plain_string()); });
  return names;
}

void read_output(AtermReader& in, BasicDerivation& derivation) {
  const std::size_t offset = in.offset();
  in.expect("(");
  std::string name(in.plain_string());
  in.expect(",");
  const std::size_t path_offset = in.offset();
  const std::string_view path = in.plain_string();
  in.expect(",");
  DerivationOutput output;
  if (!path.empty()) output.path = path_from(path, path_offset);
  output.hash_algo = in.plain_string();
  in.expect(",");
  output.hash = in.plain_string();
  in.expect(")");
  put(derivation.outputs, std::move(name), std::move(output), offset);
}

void read_input(AtermReader& in, Derivation& derivation) {
  const std::size_t offset = in.offset();
  in.expect("(");
  StorePath path = read_path(in);
  if (!path.is_derivation()) {
    throw Error(
        Kind::invalid,
        fmt::format("derivation: input {} at offset {} is no derivation", path.str(), offset));
  }
  in.expect(",");
  std::set<std::string> names = read_names(in);
  if (names.empty()) in.fail("at least one output name before this");
  in.expect(")");
  put(derivation.input_derivations, DrvPath(std::move(path)), std::move(names), offset);
}

void read_variable(AtermReader& in, BasicDerivation& derivation) {
  const std::size_t offset = in.offset();
  in.expect("(");
  std::string key = in.string();
  in.expect(",");
  std::string value = in.string();
  in.expect(")");
  put(derivation.env, std::move(key), std::move(value), offset);
}

void read_body(AtermReader& in, Derivation& derivation) {
  in.list([&] { read_output(in, derivation); });
  in.expect(",");
  in.list([&] { read_input(in, derivation); });
  in.expect(",");
  in.list([&] {
    derivation.input_sources.emplace_hint(derivation.input_sources.end(), read_path(in));
  });
  in.expect(",");
  derivation.platform = in.plain_string();
  in.expect(",");
  derivation.builder = in.string();
  in.expect(",");
  in.list([&] { derivation.args.push_back(in.string()); });
  in.expect(",");
  in.list([&] { read_variable(in, derivation); });
}

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
}

void check_outputs(const std::map<std::string, DerivationOutput>& outputs) {
  for (const auto& [name, output] : outputs) {
    check_output(name, output);
    const DerivationOutput& first = outputs.begin()->second;
    if (output.kind() != first.kind()) fail_output(name, "is of another kind than the others");
    if (output.hash_algo != first.hash_algo) {
      fail_output(name, "has another hash algorithm than the others");
    }
    if (output.is_fixed() && (outputs.size() > 1 || name != "out")) {
      fail_output(name, "has a fixed hash: then 'out' must be the only output");
    }
  }
}

/// Appends lists: the items in between, with brackets and commas.
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
  append_list(out, items, [&](const std::string& item) { append_aterm_string(out, item); });
}

std::size_t size_estimate(const Derivation& derivation) {
  constexpr std::size_t kPath = 100;
  std::size_t size = 200 + derivation.builder.size() + derivation.outputs.size() * 2 * kPath;
  size += (derivation.input_derivations.size() + derivation.input_sources.size()) * kPath;
  for (const auto& arg : derivation.args)
    size += arg.size() + 8;
  for (const auto& [key, value] : derivation.env) {
    size += key.size() + value.size() + value.size() / 16 + 8;
  }
  return size;
}

}  // namespace

OutputKind DerivationOutput::kind() const {
  if (hash_algo.empty()) return path ? OutputKind::input_addressed : OutputKind::deferred;
  if (hash.empty()) return OutputKind::floating;
  return hash == "impure" ? OutputKind::impure : OutputKind::fixed;
}

Derivation parse_derivation(std::string_view aterm) {
  AtermReader in(aterm);
  if (in.accept("DrvWithVersion(")) {
    throw Error(Kind::invalid,
                "derivation: it has the form 'DrvWithVersion(…)' of dynamic derivations, which are "
                "not supported; build it with Nix itself");
  }
  Derivation derivation;
  in.expect("Derive(");
  read_body(in, derivation);
  in.expect(")");
  if (!in.is_at_end()) in.fail("the end");
  check_outputs(derivation.outputs);
  return derivation;
}

std::string to_aterm(const Derivation& derivation) {
  std::string out;
  out.reserve(size_estimate(derivation));
  out += "Derive(";
  append_list(out, derivation.outputs, [&](const auto& entry) {
    const auto& [name, output] = entry;
    out += '(';
    append_aterm_string(out, name);
    out += ',';
    append_aterm_string(out, output.path ? output.path->str() : "");
    out += ',';
    append_aterm_string(out, output.hash_algo);
    out += ',';
    append_aterm_string(out, output.hash);
    out += ')';
  });
  out += ',';
  append_list(out, derivation.input_derivations, [&](const auto& entry) {
    out += '(';
    append_aterm_string(out, entry.first.str());
    out += ',';
    append_strings(out, entry.second);
    out += ')';
  });
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
  append_list(out, derivation.env, [&](const auto& variable) {
    out += '(';
    append_aterm_string(out, variable.first);
    out += ',';
    append_aterm_string(out, variable.second);
    out += ')';
  });
  out += ')';
  return out;
}

bool is_fixed_output(const BasicDerivation& derivation) {
  return derivation.outputs.size() == 1 && derivation.outputs.begin()->second.is_fixed();
}

}  // namespace firn::nix
