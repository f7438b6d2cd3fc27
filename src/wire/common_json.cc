// SPDX-License-Identifier: Apache-2.0
#include "wire/common_json.h"

#include "base/error.h"
#include "nix/build_result_json.h"
#include "nix/path_info_json.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace firn::wire {

Json shown(const std::string& text) {
  return text;
}

Json shown(bool value) {
  return value;
}

Json shown(const nix::StorePath& path) {
  return path.str();
}

Json shown(const std::optional<nix::StorePath>& path) {
  return path ? Json(path->str()) : Json();
}

Json shown(const nix::StorePathSet& paths) {
  Json list = Json::array();
  for (const auto& path : paths)
    list.push_back(path.str());
  return list;
}

Json shown(const nix::BasicDerivation& derivation) {
  Json outputs = Json::object();
  for (const auto& [name, output] : derivation.outputs) {
    outputs[name] = {
        {"path", shown(output.path)}, {"hashAlgo", output.hash_algo}, {"hash", output.hash}};
  }
  return {{"outputs", std::move(outputs)},
          {"inputSrcs", shown(derivation.input_sources)},
          {"platform", derivation.platform},
          {"builder", derivation.builder},
          {"args", derivation.args},
          {"env", derivation.env}};
}

Json shown(const nix::BuildResult& result) {
  if (nix::is_known(result.status)) return nix::to_json(result);
  nix::BuildResult rest = result;
  rest.status = nix::BuildStatus::misc_failure;
  Json out = nix::to_json(rest);
  out["status"] = nix::to_string(result.status);
  return out;
}

Json shown(const nix::DrvOutput& output) {
  return nix::to_json(output);
}

Json shown(const nix::HashedDrvOutput& output) {
  return output.str();
}

Json shown(const nix::UnkeyedRealisation& realisation) {
  try {
    return nix::to_json(realisation);
  } catch (const Error&) {
    return {{"outPath", realisation.out_path.base_name()}, {"signatures", realisation.signatures}};
  }
}

Json shown(const nix::Realisation& realisation) {
  return {{"key", shown(realisation.key)}, {"value", shown(realisation.value)}};
}

Json shown(const nix::HashedRealisation& realisation) {
  return nix::to_json(realisation, nix::SignatureForm::object);
}

Json shown(const nix::PathInfo& info) {
  try {
    return nix::keyed_json(info);
  } catch (const Error&) {
    nix::PathInfo rest = info;
    rest.ca.clear();
    rest.signatures.clear();
    Json out = nix::keyed_json(rest);
    out["ca"] = info.ca;
    out["signatures"] = info.signatures;
    return out;
  }
}

Json shown(const Acknowledged& /*reply*/) {
  return 1;
}

}  // namespace firn::wire
