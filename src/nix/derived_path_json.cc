// SPDX-License-Identifier: Apache-2.0
#include "nix/derived_path_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

std::string output_from(const JsonPlace& place) {
  const std::string& name = place.string();
  if (!is_store_path_name(name)) place.fail("the name of an output");
  return name;
}

/// The "drvPath" of something that has outputs.
SingleDerivedPath derivation_from(const JsonPlace& place) {
  SingleDerivedPath path = single_derived_path_from(place);
  if (path.is_opaque() && !path.base.is_derivation()) place.fail("a derivation");
  return path;
}

}  // namespace

Json to_json(const OutputsSpec& outputs) {
  if (outputs.is_all()) return Json::array({"*"});
  return outputs.names;
}

OutputsSpec outputs_spec_from(const JsonPlace& place) {
  const auto items = place.items();
  if (items.empty()) place.fail("at least one output, or \"*\",");
  if (items.size() == 1 && items.front().string() == "*") return {};
  OutputsSpec outputs;
  for (const JsonPlace& item : items)
    outputs.names.insert(output_from(item));
  return outputs;
}

Json to_json(const std::optional<OutputsSpec>& outputs) {
  return outputs ? to_json(*outputs) : Json();
}

std::optional<OutputsSpec> optional_outputs_spec_from(const JsonPlace& place) {
  if (place.is_null()) return std::nullopt;
  return outputs_spec_from(place);
}

Json to_json(const SingleDerivedPath& path) {
  Json json = path.base.base_name();
  for (const std::string& output : path.outputs)
    json = {{"drvPath", std::move(json)}, {"output", output}};
  return json;
}

SingleDerivedPath single_derived_path_from(const JsonPlace& place) {
  std::vector<std::string> outputs;
  JsonPlace step = place;
  while (!step.is_string()) {
    outputs.push_back(output_from(step.at("output")));
    step = step.at("drvPath");
  }
  std::reverse(outputs.begin(), outputs.end());
  SingleDerivedPath path{.base = step.parsed(StorePath::from_base_name),
                         .outputs = std::move(outputs)};
  if (!path.is_opaque() && !path.base.is_derivation()) step.fail("a derivation");
  return path;
}

Json to_json(const DerivedPath& path) {
  if (const auto* opaque = std::get_if<StorePath>(&path)) return opaque->base_name();
  const auto& built = std::get<BuiltPath>(path);
  return {{"drvPath", to_json(built.derivation)}, {"outputs", to_json(built.outputs)}};
}

DerivedPath derived_path_from(const JsonPlace& place) {
  if (place.is_string()) return place.parsed(StorePath::from_base_name);
  return BuiltPath{.derivation = derivation_from(place.at("drvPath")),
                   .outputs = outputs_spec_from(place.at("outputs"))};
}

}  // namespace firn::nix
