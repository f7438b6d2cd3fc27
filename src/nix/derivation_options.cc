// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_options.h"

#include "base/encoding.h"
#include "nix/placeholder.h"
#include "nix/words.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

bool is_store_path(std::string_view text) {
  constexpr std::size_t kHashLength = 32;
  if (!text.starts_with(kStoreDir)) return false;
  const std::string_view base_name = text.substr(std::min(kStoreDir.size() + 1, text.size()));
  return text.substr(kStoreDir.size()).starts_with('/') && base_name.size() > kHashLength &&
         base_name.find_first_not_of(kNix32Alphabet) == kHashLength &&
         base_name[kHashLength] == '-' && is_store_path_name(base_name.substr(kHashLength + 1));
}

/// Paths as attributes hold them: store paths, or placeholders of inputs. Either may go on with
/// "/…", which does not count.
class PathReader {
 public:
  void add_input(SingleDerivedPath input) {
    std::string placeholder = input_placeholder(input);
    inputs_.emplace(std::move(placeholder), std::move(input));
  }

  SingleDerivedPath path(std::string_view text) const {
    if (const auto* input = find_input(text)) return *input;
    const std::size_t name = kStoreDir.size() + 1;
    const std::size_t end = text.size() > name ? text.find('/', name) : std::string_view::npos;
    return {.base = parse_store_path(text.substr(0, end)), .outputs = {}};
  }

  /// What is no path is an output of the derivation itself.
  AllowedReference reference(std::string_view text) const {
    if (const auto* input = find_input(text)) return *input;
    if (!is_store_path(text)) return std::string(text);
    return SingleDerivedPath{.base = parse_store_path(text), .outputs = {}};
  }

 private:
  const SingleDerivedPath* find_input(std::string_view text) const {
    const auto found = inputs_.find(std::string(text.substr(0, text.find('/', 1))));
    return found == inputs_.end() ? nullptr : &found->second;
  }

  std::map<std::string, SingleDerivedPath> inputs_;
};

bool is_file_name(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto may_follow = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), may_follow);
}

/// From the environment: lists are words, true is "1".
class EnvironmentReader {
 public:
  EnvironmentReader(const std::map<std::string, std::string>& env, const PathReader& paths)
      : env_(env), paths_(paths) {}

  DerivationOptions read() const {
    DerivationOptions options;
    options.output_checks =
        OutputChecks{.ignore_self_refs = true,
                     .allowed_references = find_references("allowedReferences"),
                     .disallowed_references = references("disallowedReferences"),
                     .allowed_requisites = find_references("allowedRequisites"),
                     .disallowed_requisites = references("disallowedRequisites")};
    options.pass_as_file = words("passAsFile");
    options.export_references_graph = exported();
    options.additional_sandbox_profile = text("__sandboxProfile");
    options.no_chroot = flag("__noChroot", false);
    options.impure_host_deps = words("__impureHostDeps");
    options.impure_env_vars = words("impureEnvVars");
    options.allow_local_networking = flag("__darwinAllowLocalNetworking", false);
    options.required_system_features = words("requiredSystemFeatures");
    options.prefer_local_build = flag("preferLocalBuild", false);
    options.allow_substitutes = flag("allowSubstitutes", true);
    return options;
  }

 private:
  std::string_view text(const std::string& key) const {
    const auto found = env_.find(key);
    return found == env_.end() ? std::string_view() : found->second;
  }

  bool flag(const std::string& key, bool otherwise) const {
    return env_.contains(key) ? text(key) == "1" : otherwise;
  }

  std::set<std::string> words(const std::string& key) const {
    const auto found = words_of(text(key));
    return {found.begin(), found.end()};
  }

  AllowedReferences references(const std::string& key) const {
    AllowedReferences found;
    for (const std::string_view word : words_of(text(key)))
      found.insert(paths_.reference(word));
    return found;
  }

  std::optional<AllowedReferences> find_references(const std::string& key) const {
    if (!env_.contains(key)) return std::nullopt;
    return references(key);
  }

  std::map<std::string, std::set<SingleDerivedPath>> exported() const {
    const auto found = words_of(text("exportReferencesGraph"));
    if (found.size() % 2 != 0) {
      throw Error(Kind::invalid,
                  fmt::format("exportReferencesGraph: expected pairs of a file and a path, got {} "
                              "words",
                              found.size()));
    }
    std::map<std::string, std::set<SingleDerivedPath>> graph;
    for (std::size_t i = 0; i < found.size(); i += 2) {
      if (!is_file_name(found[i])) {
        throw Error(
            Kind::invalid,
            fmt::format("exportReferencesGraph: {} is no name for a file", in_quotes(found[i])));
      }
      graph.insert_or_assign(std::string(found[i]), std::set{paths_.path(found[i + 1])});
    }
    return graph;
  }

  const std::map<std::string, std::string>& env_;
  const PathReader& paths_;
};

/// From structured attributes, where everything has a type.
class StructuredReader {
 public:
  StructuredReader(const JsonPlace& attributes, const PathReader& paths)
      : attributes_(attributes), paths_(paths) {}

  DerivationOptions read() const {
    DerivationOptions options;
    options.output_checks = checks_by_output();
    if (const auto outputs = attributes_.find("unsafeDiscardReferences")) {
      for (const auto& [output, discard] : outputs->members())
        options.unsafe_discard_references.emplace(output, discard.boolean());
    }
    options.export_references_graph = exported();
    if (const auto profile = attributes_.find("__sandboxProfile"))
      options.additional_sandbox_profile = profile->string();
    options.no_chroot = flag("__noChroot", false);
    options.impure_host_deps = strings("__impureHostDeps");
    options.impure_env_vars = strings("impureEnvVars");
    options.allow_local_networking = flag("__darwinAllowLocalNetworking", false);
    options.required_system_features = strings("requiredSystemFeatures");
    options.prefer_local_build = flag("preferLocalBuild", false);
    options.allow_substitutes = flag("allowSubstitutes", true);
    return options;
  }

 private:
  bool flag(const std::string& key, bool otherwise) const {
    const auto found = attributes_.find(key);
    return found ? found->boolean() : otherwise;
  }

  std::set<std::string> strings(const std::string& key) const {
    const auto found = attributes_.find(key);
    return found ? found->strings() : std::set<std::string>();
  }

  std::optional<AllowedReferences> find_references(const JsonPlace& checks,
                                                   const std::string& key) const {
    const auto list = checks.find(key);
    if (!list) return std::nullopt;
    AllowedReferences references;
    for (const JsonPlace& item : list->items()) {
      references.insert(item.parsed([&](std::string_view text) { return paths_.reference(text); }));
    }
    return references;
  }

  static std::optional<std::uint64_t> find_number(const JsonPlace& checks, const std::string& key) {
    const auto found = checks.find(key);
    if (!found) return std::nullopt;
    return found->number();
  }

  std::map<std::string, OutputChecks> checks_by_output() const {
    std::map<std::string, OutputChecks> by_output;
    const auto outputs = attributes_.find("outputChecks");
    if (!outputs) return by_output;
    for (const auto& [output, checks] : outputs->members()) {
      by_output.emplace(
          output,
          OutputChecks{
              .max_size = find_number(checks, "maxSize"),
              .max_closure_size = find_number(checks, "maxClosureSize"),
              .allowed_references = find_references(checks, "allowedReferences"),
              .disallowed_references =
                  find_references(checks, "disallowedReferences").value_or(AllowedReferences()),
              .allowed_requisites = find_references(checks, "allowedRequisites"),
              .disallowed_requisites =
                  find_references(checks, "disallowedRequisites").value_or(AllowedReferences())});
    }
    return by_output;
  }

  /// Paths, or lists of paths within each other.
  void add_exported(const JsonPlace& place, std::set<SingleDerivedPath>& paths) const {
    if (place.is_string()) {
      paths.insert(place.parsed([&](std::string_view text) { return paths_.path(text); }));
      return;
    }
    for (const JsonPlace& item : place.items())
      add_exported(item, paths);
  }

  /// What is no object here is ignored by Nix.
  std::map<std::string, std::set<SingleDerivedPath>> exported() const {
    std::map<std::string, std::set<SingleDerivedPath>> graph;
    const auto found = attributes_.find("exportReferencesGraph");
    if (!found || !found->is_object()) return graph;
    for (const auto& [file, paths] : found->members())
      add_exported(paths, graph[file]);
    return graph;
  }

  const JsonPlace& attributes_;
  const PathReader& paths_;
};

DerivationOptions read_options(const BasicDerivation& derivation, const PathReader& paths) {
  const auto attributes = derivation.env.find(kStructuredAttributes);
  if (attributes == derivation.env.end()) return EnvironmentReader(derivation.env, paths).read();
  try {
    const Json json = parse_json(attributes->second);
    return StructuredReader(JsonPlace(json), paths).read();
  } catch (Error& error) {
    error.add_context("reading structured attributes");
    throw;
  }
}

}  // namespace

DerivationOptions derivation_options(const Derivation& derivation) {
  PathReader paths;
  for (const auto& [drv, outputs] : derivation.input_derivations) {
    for (const std::string& output : outputs)
      paths.add_input({.base = drv.path(), .outputs = {output}});
  }
  for (const SingleDerivedPath& input : derivation.dynamic_inputs)
    paths.add_input(input);
  return read_options(derivation, paths);
}

DerivationOptions derivation_options(const BasicDerivation& derivation) {
  return read_options(derivation, {});
}

}  // namespace firn::nix
