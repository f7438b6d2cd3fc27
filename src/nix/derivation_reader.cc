// SPDX-License-Identifier: Apache-2.0
// Reads derivations from ATerm.
#include "base/encoding.h"
#include "base/error.h"
#include "nix/aterm.h"
#include "nix/derivation.h"
#include "nix/store_path_computation.h"

#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

enum class Version : std::uint8_t {
  traditional,  ///< Derive(…)
  dynamic,      ///< DrvWithVersion("xp-dyn-drv",…)
};

/// Outputs of outputs of outputs: deeper than anybody nests them, far less than a stack holds.
constexpr std::size_t kMostSteps = 64;

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

DrvPath read_drv_path(AtermReader& in) {
  const std::size_t offset = in.offset();
  StorePath path = read_path(in);
  if (!path.is_derivation()) {
    throw Error(
        Kind::invalid,
        fmt::format("derivation: input {} at offset {} is no derivation", path.str(), offset));
  }
  return DrvPath(std::move(path));
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
  const std::string_view path_text = in.plain_string();
  in.expect(",");
  DerivationOutput output;
  if (!path_text.empty()) output.path = path_from(path_text, path_offset);
  output.hash_algo = in.plain_string();
  in.expect(",");
  output.hash = in.plain_string();
  in.expect(")");
  put(derivation.outputs, std::move(name), std::move(output), offset);
}

/// What is needed of one input, at any depth.
class NeededReader {
 public:
  /// What is needed of derivations that are outputs is put into `dynamic_inputs`.
  NeededReader(AtermReader& in, Version version, std::set<SingleDerivedPath>& dynamic_inputs)
      : in_(in), version_(version), dynamic_inputs_(dynamic_inputs) {}

  /// Returns the names of the outputs of `derivation` itself.
  std::set<std::string> read(const SingleDerivedPath& derivation) {
    const bool is_nested = version_ == Version::dynamic && in_.accept("(");
    std::set<std::string> names = read_names(in_);
    if (is_nested) {
      in_.expect(",");
      read_steps(derivation, names.empty());
      in_.expect(")");
    } else if (names.empty()) {
      in_.fail("at least one output name before this");
    }
    return names;
  }

 private:
  void read_steps(const SingleDerivedPath& derivation, bool some_expected) {
    std::set<std::string_view> steps;
    in_.list([&] {
      const std::size_t offset = in_.offset();
      in_.expect("(");
      const std::string_view output = in_.plain_string();
      if (!steps.insert(output).second) fail_twice("output", output, offset);
      in_.expect(",");
      read_step(derivation, output);
      in_.expect(")");
    });
    if (some_expected && steps.empty()) in_.fail("at least one output name before this");
  }

  void read_step(const SingleDerivedPath& derivation, std::string_view output) {
    SingleDerivedPath step = derivation;
    step.outputs.emplace_back(output);
    if (step.outputs.size() > kMostSteps) in_.fail("at most 64 outputs within each other");
    for (const std::string& name : read(step)) {
      SingleDerivedPath needed = step;
      needed.outputs.push_back(name);
      dynamic_inputs_.insert(std::move(needed));
    }
  }

  AtermReader& in_;
  Version version_;
  std::set<SingleDerivedPath>& dynamic_inputs_;
};

void read_inputs(AtermReader& in, Derivation& derivation, Version version) {
  NeededReader needed(in, version, derivation.dynamic_inputs);
  in.list([&] {
    const std::size_t offset = in.offset();
    in.expect("(");
    DrvPath drv = read_drv_path(in);
    in.expect(",");
    put(derivation.input_derivations,
        drv,
        needed.read({.base = drv.path(), .outputs = {}}),
        offset);
    in.expect(")");
  });
  std::erase_if(derivation.input_derivations,
                [](const auto& input) { return input.second.empty(); });
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

Version read_version(AtermReader& in) {
  if (in.accept("Derive(")) return Version::traditional;
  if (!in.accept("DrvWithVersion(")) in.fail("'Derive(' or 'DrvWithVersion('");
  if (!in.accept("\"xp-dyn-drv\",")) in.fail("the version \"xp-dyn-drv\", the only one there is");
  return Version::dynamic;
}

void read_body(AtermReader& in, Derivation& derivation, Version version) {
  in.list([&] { read_output(in, derivation); });
  in.expect(",");
  read_inputs(in, derivation, version);
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

}  // namespace

Derivation parse_derivation(std::string_view aterm) {
  AtermReader in(aterm);
  Derivation derivation;
  read_body(in, derivation, read_version(in));
  in.expect(")");
  if (!in.is_at_end()) in.fail("the end");
  check_outputs(derivation.outputs);
  // Other bases than 16 are taken and, as by Nix, never written.
  for (auto& [name, output] : derivation.outputs) {
    if (output.is_fixed()) output.hash = output.address().hash.encode(HashForm::base16);
  }
  return derivation;
}

Derivation parse_derivation(std::string_view aterm, std::string_view name) {
  Derivation derivation = parse_derivation(aterm);
  for (const auto& [output, value] : derivation.outputs) {
    if (!value.is_fixed() || !value.path) continue;
    const StorePath path = content_addressed_path(output_path_name(name, output), value.address());
    if (path == *value.path) continue;
    throw Error(Kind::invalid,
                fmt::format("derivation {}: output {} has the path {}, but its hash asks for {}",
                            in_quotes(name),
                            in_quotes(output),
                            value.path->str(),
                            path.str()));
  }
  return derivation;
}

}  // namespace firn::nix
