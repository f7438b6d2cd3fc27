// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_json.h"

#include <nlohmann/json.hpp>

namespace firn::wire {

Json shown(const BuildOptions& options) {
  return {{"maxSilentTime", options.max_silent_time.count()},
          {"buildTimeout", options.build_timeout.count()},
          {"maxLogSize", options.max_log_size.value()},
          {"nrRepeats", options.repeats},
          {"enforceDeterminism", options.enforce_determinism},
          {"keepFailed", options.keep_failed}};
}

Json shown(const PathInfos& reply) {
  Json list = Json::array();
  for (const auto& info : reply)
    list.push_back(shown(info));
  return list;
}

Json shown(const BuildPathsReply& reply) {
  Json out = Json::object({{"status", reply.exit_status}});
  if (reply.exit_status != 0) out["errorMsg"] = reply.message;
  return out;
}

Json shown(const QueryValidPaths& request) {
  return {
      {"lock", request.lock}, {"substitute", request.substitute}, {"paths", shown(request.paths)}};
}

Json shown(const QueryPathInfos& request) {
  return Json::object({{"paths", shown(request.paths)}});
}

Json shown(const DumpStorePath& request) {
  return Json::object({{"path", shown(request.path)}});
}

Json shown(const ImportPaths& /*request*/) {
  return Json::object();
}

Json shown(const ExportPaths& request) {
  return {{"sign", request.sign}, {"paths", shown(request.paths)}};
}

Json shown(const BuildPaths& request) {
  return {{"paths", request.targets}, {"options", shown(request.options)}};
}

Json shown(const QueryClosure& request) {
  return {{"includeOutputs", request.include_outputs}, {"paths", shown(request.paths)}};
}

Json shown(const BuildDerivation& request) {
  return {{"drvPath", request.drv_path.str()},
          {"derivation", shown(request.derivation)},
          {"options", shown(request.options)}};
}

Json shown(const AddToStoreNar& request) {
  return shown(request.info);
}

}  // namespace firn::wire
