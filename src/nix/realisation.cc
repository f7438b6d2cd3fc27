// SPDX-License-Identifier: Apache-2.0
#include "nix/realisation.h"

#include "base/encoding.h"
#include "base/error.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

[[noreturn]] void fail(std::string_view text, std::string_view expected) {
  throw Error(Kind::invalid, fmt::format("output {}: expected {}", in_quotes(text), expected));
}

StorePath out_path_from(const JsonPlace& place) {
  return place.at("outPath").parsed(StorePath::from_base_name);
}

std::vector<std::string> optional_signatures_from(const JsonPlace& place) {
  const auto list = place.find("signatures");
  return list ? signatures_from(*list) : std::vector<std::string>();
}

}  // namespace

std::string DrvOutput::str() const {
  return drv.path().base_name() + "^" + output;
}

DrvOutput parse_drv_output(std::string_view text) {
  const std::size_t mark = text.rfind('^');
  if (mark == std::string_view::npos) fail(text, "a derivation, '^' and the name of an output");
  const std::string_view drv = text.substr(0, mark);
  return {
      .drv = DrvPath(drv.starts_with('/') ? parse_store_path(drv) : StorePath::from_base_name(drv)),
      .output = std::string(text.substr(mark + 1))};
}

std::string fingerprint(const DrvOutput& key, const StorePath& out_path) {
  return to_text({{"key", to_json(key)}, {"value", {{"outPath", out_path.base_name()}}}});
}

Json to_json(const DrvOutput& key) {
  return {{"drvPath", key.drv.path().base_name()}, {"outputName", key.output}};
}

DrvOutput drv_output_from(const JsonPlace& place) {
  const auto parse = [](std::string_view text) { return DrvPath(StorePath::from_base_name(text)); };
  return {.drv = place.at("drvPath").parsed(parse), .output = place.at("outputName").string()};
}

Json to_json(const UnkeyedRealisation& value) {
  return {{"outPath", value.out_path.base_name()},
          {"signatures", signatures_json(value.signatures, SignatureForm::object)}};
}

UnkeyedRealisation unkeyed_realisation_from(const JsonPlace& place) {
  return {.out_path = out_path_from(place), .signatures = optional_signatures_from(place)};
}

Json to_json(const Realisation& realisation) {
  return {{"key", to_json(realisation.key)}, {"value", to_json(realisation.value)}};
}

Realisation realisation_from(const JsonPlace& place) {
  return {.key = drv_output_from(place.at("key")),
          .value = unkeyed_realisation_from(place.at("value"))};
}

std::string HashedDrvOutput::str() const {
  return hash_modulo.prefixed(HashForm::base16) + "!" + output;
}

HashedDrvOutput parse_hashed_drv_output(std::string_view text) {
  const std::size_t mark = text.find('!');
  if (mark == std::string_view::npos) fail(text, "a hash, '!' and the name of an output");
  return {.hash_modulo = parse_hash(text.substr(0, mark)),
          .output = std::string(text.substr(mark + 1))};
}

std::string fingerprint(const HashedRealisation& realisation) {
  Json json = to_json(realisation, SignatureForm::text);
  json.erase("signatures");
  return to_text(json);
}

Json to_json(const HashedRealisation& realisation, SignatureForm form) {
  Json dependencies = Json::object();
  for (const auto& [key, path] : realisation.dependencies)
    dependencies.emplace(key.str(), path.base_name());
  return {{"dependentRealisations", std::move(dependencies)},
          {"id", realisation.key.str()},
          {"outPath", realisation.value.out_path.base_name()},
          {"signatures", signatures_json(realisation.value.signatures, form)}};
}

HashedRealisation hashed_realisation_from(const JsonPlace& place) {
  HashedRealisation realisation{.key = place.at("id").parsed(parse_hashed_drv_output),
                                .value = unkeyed_realisation_from(place),
                                .dependencies = {}};
  if (const auto dependencies = place.find("dependentRealisations")) {
    for (const auto& [key, path] : dependencies->members()) {
      realisation.dependencies.emplace(parse_hashed_drv_output(key),
                                       path.parsed(StorePath::from_base_name));
    }
  }
  return realisation;
}

}  // namespace firn::nix
