// SPDX-License-Identifier: Apache-2.0
// The values noted beside conversations that were captured from Nix, in the form of those notes:
// full paths, numbers for truth, an empty text for what is absent.
#pragma once

#include "base/hash.h"
#include "nix/build_result.h"
#include "nix/derivation.h"
#include "nix/path_info.h"
#include "nix/realisation.h"
#include "nix/store_path.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace firn::testing::captured {

using Json = nlohmann::json;

inline std::string text_of(const Json& value) {
  return value.get<std::string>();
}

inline nix::StorePathSet paths_of(const Json& list) {
  nix::StorePathSet out;
  for (const auto& path : list)
    out.insert(nix::parse_store_path(text_of(path)));
  return out;
}

inline std::optional<nix::StorePath> path_or_none(const Json& value) {
  if (text_of(value).empty()) return std::nullopt;
  return nix::parse_store_path(text_of(value));
}

inline WallTime time_of(const Json& value) {
  return WallTime(std::chrono::seconds(value.get<std::int64_t>()));
}

inline nix::BasicDerivation derivation_of(const Json& json) {
  nix::BasicDerivation out;
  for (const auto& [name, output] : json.at("outputs").items()) {
    out.outputs[name] = {.path = path_or_none(output.at("path")),
                         .hash_algo = output.at("hashAlgo"),
                         .hash = output.at("hash")};
  }
  out.input_sources = paths_of(json.at("inputSrcs"));
  out.platform = json.at("platform");
  out.builder = json.at("builder");
  out.args = json.at("args").get<std::vector<std::string>>();
  out.env = json.at("env").get<std::map<std::string, std::string>>();
  return out;
}

inline nix::PathInfo path_info_of(const Json& json) {
  return {.path = nix::parse_store_path(text_of(json.at("path"))),
          .deriver = path_or_none(json.at("deriver")),
          .references = paths_of(json.at("references")),
          .nar_hash = parse_hash(text_of(json.at("narHash")), HashAlgorithm::sha256),
          .nar_size = ByteCount(json.at("narSize")),
          .ca = json.at("ca"),
          .signatures = json.at("sigs").get<std::vector<std::string>>(),
          .registration_time = time_of(json.value("registrationTime", Json(0))),
          .ultimate = json.value("ultimate", 0) != 0};
}

inline void read_outputs(const Json& json, nix::BuildResult& result) {
  for (const auto& [id, text] : json.items()) {
    const auto realisation = Json::parse(text_of(text));
    const auto key = nix::parse_hashed_drv_output(id);
    result.hash_modulo = key.hash_modulo;
    result.built_outputs.insert_or_assign(
        key.output,
        nix::UnkeyedRealisation{
            .out_path = nix::StorePath::from_base_name(text_of(realisation.at("outPath"))),
            .signatures = realisation.at("signatures").get<std::vector<std::string>>()});
  }
}

inline nix::BuildResult build_result_of(const Json& json) {
  nix::BuildResult result;
  result.status = static_cast<nix::BuildStatus>(json.at("status").get<std::uint8_t>());
  result.error_message = json.at("errorMsg");
  result.times_built = json.value("timesBuilt", 0U);
  result.is_non_deterministic = json.value("isNonDeterministic", 0) != 0;
  result.start_time = time_of(json.value("startTime", Json(0)));
  result.stop_time = time_of(json.value("stopTime", Json(0)));
  if (json.contains("builtOutputs")) read_outputs(json.at("builtOutputs"), result);
  return result;
}

/// The bytes of one step that one side sent: "c2s" or "s2c".
inline std::string cut(const std::string& bytes, const Json& step, const char* side) {
  const std::size_t begin = step.at(side).at(0);
  return bytes.substr(begin, step.at(side).at(1).get<std::size_t>() - begin);
}

}  // namespace firn::testing::captured
