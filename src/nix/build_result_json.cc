// SPDX-License-Identifier: Apache-2.0
#include "nix/build_result_json.h"

#include "base/error.h"
#include "nix/derived_path_json.h"

#include <chrono>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

Json output_json(const BuildResult& result,
                 const std::string& name,
                 const UnkeyedRealisation& output) {
  if (!result.hash_modulo) return to_json(output);
  return to_json(HashedRealisation{.key = {.hash_modulo = *result.hash_modulo, .output = name},
                                   .value = output,
                                   .dependencies = {}},
                 SignatureForm::object);
}

Json outputs_json(const BuildResult& result) {
  Json outputs = Json::object();
  for (const auto& [name, output] : result.built_outputs)
    outputs.emplace(name, output_json(result, name, output));
  return outputs;
}

void read_outputs(const JsonPlace& outputs, BuildResult& result) {
  for (const auto& [name, output] : outputs.members()) {
    result.built_outputs.emplace(name, unkeyed_realisation_from(output));
    if (const auto id = output.find("id")) {
      result.hash_modulo = id->parsed(parse_hashed_drv_output).hash_modulo;
    }
  }
}

WallTime time_at(const JsonPlace& place, const std::string& key) {
  return WallTime(std::chrono::seconds(place.at(key).positive()));
}

std::uint32_t count_at(const JsonPlace& place, const std::string& key) {
  const std::uint64_t number = place.at(key).number();
  if (number > std::numeric_limits<std::uint32_t>::max()) place.at(key).fail("a number below 2^32");
  return static_cast<std::uint32_t>(number);
}

std::optional<std::chrono::microseconds> find_duration(const JsonPlace& place,
                                                       const std::string& key) {
  const auto number = place.find_value(key);
  if (!number) return std::nullopt;
  return std::chrono::microseconds(number->positive());
}

BuildStatus status_at(const JsonPlace& place) {
  const JsonPlace name = place.at("status");
  const auto status = find_build_status(name.string());
  if (!status) name.fail("the name of a build status");
  const JsonPlace success = place.at("success");
  if (success.boolean() != is_success(*status)) success.fail("what goes with the status");
  return *status;
}

}  // namespace

Json to_json(const BuildResult& result) {
  if (!is_known(result.status)) {
    throw Error(Kind::invalid, fmt::format("{} has no name in JSON", to_string(result.status)));
  }
  Json json{{"status", to_string(result.status)},
            {"success", is_success(result.status)},
            {"timesBuilt", result.times_built},
            {"startTime", result.start_time.time_since_epoch().count()},
            {"stopTime", result.stop_time.time_since_epoch().count()}};
  if (result.cpu_user) json["cpuUser"] = result.cpu_user->count();
  if (result.cpu_system) json["cpuSystem"] = result.cpu_system->count();
  if (is_success(result.status)) {
    json["builtOutputs"] = outputs_json(result);
  } else {
    json["errorMsg"] = result.error_message;
    json["isNonDeterministic"] = result.is_non_deterministic;
  }
  return json;
}

BuildResult build_result_from(const JsonPlace& place) {
  BuildResult result;
  result.status = status_at(place);
  result.times_built = count_at(place, "timesBuilt");
  result.start_time = time_at(place, "startTime");
  result.stop_time = time_at(place, "stopTime");
  result.cpu_user = find_duration(place, "cpuUser");
  result.cpu_system = find_duration(place, "cpuSystem");
  if (is_success(result.status)) {
    read_outputs(place.at("builtOutputs"), result);
  } else {
    result.error_message = place.at("errorMsg").string();
    result.is_non_deterministic = place.at("isNonDeterministic").boolean();
  }
  return result;
}

Json keyed_json(const DerivedPath& target, const BuildResult& result) {
  Json json = to_json(result);
  json["path"] = to_json(target);
  return json;
}

std::pair<DerivedPath, BuildResult> keyed_build_result_from(const JsonPlace& place) {
  return {derived_path_from(place.at("path")), build_result_from(place)};
}

}  // namespace firn::nix
