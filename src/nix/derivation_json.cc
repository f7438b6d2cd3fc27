// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_json.h"

#include "nix/content_address_json.h"
#include "nix/derivation_inputs.h"
#include "nix/store_path_computation.h"

#include <set>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

constexpr std::uint64_t kVersion = 4;

using Keys = std::set<std::string>;

Json addressing_json(const ContentAddressing& addressing) {
  return {{"hashAlgo", firn::to_string(addressing.algorithm)},
          {"method", to_string(addressing.method)}};
}

ContentAddressing addressing_from(const JsonPlace& place) {
  const JsonPlace algorithm = place.at("hashAlgo");
  const auto found = find_hash_algorithm(algorithm.string());
  if (!found) algorithm.fail("md5, sha1, sha256, sha512 or blake3");
  return {.method = place.at("method").parsed(parse_content_method), .algorithm = *found};
}

Json base_names_json(const StorePathSet& paths) {
  Json list = Json::array();
  for (const StorePath& path : paths)
    list.push_back(path.base_name());
  return list;
}

StorePathSet base_names_from(const JsonPlace& place) {
  StorePathSet paths;
  for (const JsonPlace& item : place.items())
    paths.insert(item.parsed(StorePath::from_base_name));
  return paths;
}

Json needed_json(std::span<const OutputChain> chains, std::size_t step) {
  const OutputLevel level = output_level(chains, step);
  Json dynamic = Json::object();
  for (const auto& [output, deeper] : level.deeper)
    dynamic[std::string(output)] = needed_json(deeper, step + 1);
  return {{"dynamicOutputs", std::move(dynamic)}, {"outputs", level.names}};
}

/// JSON is no deeper than kMaxJsonDepth, so this is not either.
void read_needed(const JsonPlace& place, const SingleDerivedPath& drv, Derivation& derivation) {
  const auto outputs = place.at("outputs").items();
  const auto dynamic = place.at("dynamicOutputs").members();
  if (outputs.empty() && dynamic.empty()) place.fail("at least one output");
  for (const JsonPlace& output : outputs) {
    if (drv.is_opaque()) {
      derivation.input_derivations[DrvPath(drv.base)].insert(output.string());
    } else {
      SingleDerivedPath needed = drv;
      needed.outputs.push_back(output.string());
      derivation.dynamic_inputs.insert(std::move(needed));
    }
  }
  for (const auto& [output, deeper] : dynamic) {
    SingleDerivedPath step = drv;
    step.outputs.push_back(output);
    read_needed(deeper, step, derivation);
  }
}

Json inputs_json(const Derivation& derivation) {
  Json drvs = Json::object();
  for (const auto& [drv, chains] : chains_by_input(derivation))
    drvs[drv.path().base_name()] = needed_json(chains, 0);
  return {{"drvs", std::move(drvs)}, {"srcs", base_names_json(derivation.input_sources)}};
}

void read_inputs(const JsonPlace& place, Derivation& derivation) {
  derivation.input_sources = base_names_from(place.at("srcs"));
  const JsonPlace drvs = place.at("drvs");
  for (const auto& [base_name, needed] : drvs.members()) {
    const StorePath path = StorePath::from_base_name(base_name);
    if (!path.is_derivation()) needed.fail("a derivation as key");
    read_needed(needed, {.base = path, .outputs = {}}, derivation);
  }
}

/// All but "inputs".
Json common_json(const BasicDerivation& derivation, std::string_view name) {
  Json outputs = Json::object();
  for (const auto& [output_name, output] : derivation.outputs)
    outputs[output_name] = to_json(output);
  Json json{{"args", derivation.args},
            {"builder", derivation.builder},
            {"env", derivation.env},
            {"name", name},
            {"outputs", std::move(outputs)},
            {"system", derivation.platform},
            {"version", kVersion}};
  if (const auto attributes = derivation.env.find(kStructuredAttributes);
      attributes != derivation.env.end()) {
    json["structuredAttrs"] = parse_json(attributes->second);
    json["env"].erase(kStructuredAttributes);
  }
  return json;
}

void read_environment(const JsonPlace& place, BasicDerivation& derivation) {
  const JsonPlace env = place.at("env");
  for (const auto& [key, value] : env.members())
    derivation.env.emplace(key, value.string());
  const auto attributes = place.find("structuredAttrs");
  if (!attributes) return;
  if (!attributes->is_object()) attributes->fail("an object");
  if (!derivation.env.emplace(kStructuredAttributes, to_text(attributes->value())).second)
    env.fail("no variable __json beside structured attributes");
}

/// All but "inputs". Returns the name.
std::string read_common(const JsonPlace& place, BasicDerivation& derivation) {
  const JsonPlace version = place.at("version");
  if (version.number() != kVersion) version.fail("derivation format 4");
  std::string name = place.at("name").string();
  for (const auto& [output_name, output] : place.at("outputs").members())
    derivation.outputs.emplace(output_name, derivation_output_from(output, name, output_name));
  derivation.platform = place.at("system").string();
  derivation.builder = place.at("builder").string();
  for (const JsonPlace& arg : place.at("args").items())
    derivation.args.push_back(arg.string());
  read_environment(place, derivation);
  check_outputs(derivation.outputs);
  return name;
}

Json first_output_json(const DerivationOutput& output) {
  Json json = Json::object();
  if (output.path) json["path"] = output.path->str();
  if (!output.hash_algo.empty()) json["hashAlgo"] = output.hash_algo;
  if (output.kind() == OutputKind::impure) {
    json["impure"] = true;
  } else if (!output.hash.empty()) {
    json["hash"] = output.hash;
  }
  return json;
}

}  // namespace

Json to_json(const DerivationOutput& output) {
  if (output.is_fixed()) return to_json(output.address());
  if (output.path) return {{"path", output.path->base_name()}};
  if (output.hash_algo.empty()) return Json::object();
  Json json = addressing_json(output.addressing());
  if (output.kind() == OutputKind::impure) json["impure"] = true;
  return json;
}

DerivationOutput derivation_output_from(const JsonPlace& place,
                                        std::string_view derivation_name,
                                        std::string_view output_name) {
  Keys keys;
  for (const auto& [key, value] : place.members())
    keys.insert(key);
  if (keys.empty()) return {};
  if (keys == Keys{"path"}) {
    return DerivationOutput::input_addressed(place.at("path").parsed(StorePath::from_base_name));
  }
  if (keys == Keys{"hash", "method"}) {
    const ContentAddress address = content_address_from(place);
    return DerivationOutput::fixed(
        content_addressed_path(output_path_name(derivation_name, output_name), address), address);
  }
  if (keys == Keys{"hashAlgo", "method"}) return DerivationOutput::floating(addressing_from(place));
  if (keys == Keys{"hashAlgo", "impure", "method"}) {
    if (!place.at("impure").boolean()) place.at("impure").fail("true");
    return DerivationOutput::impure(addressing_from(place));
  }
  place.fail(
      "an output with a path, with method and hash, with method and hashAlgo, or with nothing");
}

Json to_json(const Derivation& derivation, std::string_view name) {
  Json json = common_json(derivation, name);
  json["inputs"] = inputs_json(derivation);
  return json;
}

Named<Derivation> derivation_from(const JsonPlace& place) {
  Named<Derivation> named;
  named.name = read_common(place, named.derivation);
  read_inputs(place.at("inputs"), named.derivation);
  return named;
}

Json to_json(const BasicDerivation& derivation, std::string_view name) {
  Json json = common_json(derivation, name);
  json["inputs"] = base_names_json(derivation.input_sources);
  return json;
}

Named<BasicDerivation> basic_derivation_from(const JsonPlace& place) {
  Named<BasicDerivation> named;
  named.name = read_common(place, named.derivation);
  named.derivation.input_sources = base_names_from(place.at("inputs"));
  return named;
}

Json to_first_json(const Derivation& derivation) {
  if (!derivation.dynamic_inputs.empty()) {
    throw Error(Kind::invalid, "derivation JSON: its first format has no dynamic inputs");
  }
  Json outputs = Json::object();
  for (const auto& [name, output] : derivation.outputs)
    outputs[name] = first_output_json(output);
  Json sources = Json::array();
  for (const StorePath& path : derivation.input_sources)
    sources.push_back(path.str());
  Json drvs = Json::object();
  for (const auto& [drv, names] : derivation.input_derivations)
    drvs[drv.str()] = names;
  return {{"args", derivation.args},
          {"builder", derivation.builder},
          {"env", derivation.env},
          {"inputDrvs", std::move(drvs)},
          {"inputSrcs", std::move(sources)},
          {"outputs", std::move(outputs)},
          {"system", derivation.platform}};
}

}  // namespace firn::nix
