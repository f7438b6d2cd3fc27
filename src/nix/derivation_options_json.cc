// SPDX-License-Identifier: Apache-2.0
// Derivation options as JSON.
#include "nix/derivation_options.h"
#include "nix/derived_path_json.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

/// Stands for the derivation itself where JSON has derivations.
constexpr const char* kSelf = "self";

Json reference_json(const AllowedReference& reference) {
  if (const auto* output = std::get_if<std::string>(&reference))
    return {{"drvPath", kSelf}, {"output", *output}};
  return to_json(std::get<SingleDerivedPath>(reference));
}

AllowedReference reference_from(const JsonPlace& place) {
  if (!place.is_string()) {
    const JsonPlace drv = place.at("drvPath");
    if (drv.is_string() && drv.string() == kSelf) return place.at("output").string();
  }
  return single_derived_path_from(place);
}

Json references_json(const AllowedReferences& references) {
  Json list = Json::array();
  for (const AllowedReference& reference : references)
    list.push_back(reference_json(reference));
  return list;
}

AllowedReferences references_from(const JsonPlace& place) {
  AllowedReferences references;
  for (const JsonPlace& item : place.items())
    references.insert(reference_from(item));
  return references;
}

std::optional<AllowedReferences> optional_references_from(const JsonPlace& place) {
  if (place.is_null()) return std::nullopt;
  return references_from(place);
}

std::optional<std::uint64_t> optional_number_from(const JsonPlace& place) {
  if (place.is_null()) return std::nullopt;
  return place.number();
}

Json checks_json(const OutputChecks& checks) {
  const auto optional_references = [](const std::optional<AllowedReferences>& references) {
    return references ? references_json(*references) : Json();
  };
  const auto optional_number = [](const std::optional<std::uint64_t>& number) {
    return number ? Json(*number) : Json();
  };
  return {{"allowedReferences", optional_references(checks.allowed_references)},
          {"allowedRequisites", optional_references(checks.allowed_requisites)},
          {"disallowedReferences", references_json(checks.disallowed_references)},
          {"disallowedRequisites", references_json(checks.disallowed_requisites)},
          {"ignoreSelfRefs", checks.ignore_self_refs},
          {"maxClosureSize", optional_number(checks.max_closure_size)},
          {"maxSize", optional_number(checks.max_size)}};
}

OutputChecks checks_from(const JsonPlace& place) {
  return {.ignore_self_refs = place.at("ignoreSelfRefs").boolean(),
          .max_size = optional_number_from(place.at("maxSize")),
          .max_closure_size = optional_number_from(place.at("maxClosureSize")),
          .allowed_references = optional_references_from(place.at("allowedReferences")),
          .disallowed_references = references_from(place.at("disallowedReferences")),
          .allowed_requisites = optional_references_from(place.at("allowedRequisites")),
          .disallowed_requisites = references_from(place.at("disallowedRequisites"))};
}

Json output_checks_json(const DerivationOptions& options) {
  if (const auto* checks = std::get_if<OutputChecks>(&options.output_checks))
    return {{"forAllOutputs", checks_json(*checks)}};
  Json by_output = Json::object();
  for (const auto& [output, checks] :
       std::get<std::map<std::string, OutputChecks>>(options.output_checks))
    by_output[output] = checks_json(checks);
  return {{"perOutput", std::move(by_output)}};
}

void read_output_checks(const JsonPlace& place, DerivationOptions& options) {
  const auto for_all = place.find("forAllOutputs");
  const auto per_output = place.find("perOutput");
  if (for_all.has_value() == per_output.has_value())
    place.fail("either \"forAllOutputs\" or \"perOutput\"");
  if (for_all) {
    options.output_checks = checks_from(*for_all);
    return;
  }
  std::map<std::string, OutputChecks> by_output;
  for (const auto& [output, checks] : per_output->members())
    by_output.emplace(output, checks_from(checks));
  options.output_checks = std::move(by_output);
}

}  // namespace

Json to_json(const DerivationOptions& options) {
  Json graph = Json::object();
  for (const auto& [file, paths] : options.export_references_graph) {
    Json& list = graph[file] = Json::array();
    for (const SingleDerivedPath& path : paths)
      list.push_back(to_json(path));
  }
  return {{"additionalSandboxProfile", options.additional_sandbox_profile},
          {"allowLocalNetworking", options.allow_local_networking},
          {"allowSubstitutes", options.allow_substitutes},
          {"exportReferencesGraph", std::move(graph)},
          {"impureEnvVars", options.impure_env_vars},
          {"impureHostDeps", options.impure_host_deps},
          {"noChroot", options.no_chroot},
          {"outputChecks", output_checks_json(options)},
          {"passAsFile", options.pass_as_file},
          {"preferLocalBuild", options.prefer_local_build},
          {"requiredSystemFeatures", options.required_system_features},
          {"unsafeDiscardReferences", options.unsafe_discard_references}};
}

DerivationOptions derivation_options_from(const JsonPlace& place) {
  DerivationOptions options;
  read_output_checks(place.at("outputChecks"), options);
  for (const auto& [output, discard] : place.at("unsafeDiscardReferences").members())
    options.unsafe_discard_references.emplace(output, discard.boolean());
  options.pass_as_file = place.at("passAsFile").strings();
  for (const auto& [file, paths] : place.at("exportReferencesGraph").members()) {
    for (const JsonPlace& path : paths.items())
      options.export_references_graph[file].insert(single_derived_path_from(path));
    options.export_references_graph.try_emplace(file);
  }
  options.additional_sandbox_profile = place.at("additionalSandboxProfile").string();
  options.no_chroot = place.at("noChroot").boolean();
  options.impure_host_deps = place.at("impureHostDeps").strings();
  options.impure_env_vars = place.at("impureEnvVars").strings();
  options.allow_local_networking = place.at("allowLocalNetworking").boolean();
  options.required_system_features = place.at("requiredSystemFeatures").strings();
  options.prefer_local_build = place.at("preferLocalBuild").boolean();
  options.allow_substitutes = place.at("allowSubstitutes").boolean();
  return options;
}

}  // namespace firn::nix
