// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_json.h"

#include "base/error.h"
#include "nix/derived_path_json.h"

#include <type_traits>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

namespace firn::wire::worker {

namespace {

template <class Enumeration>
Json number(Enumeration value) {
  return static_cast<std::underlying_type_t<Enumeration>>(value);
}

Json of_path(const nix::StorePath& path) {
  return Json::object({{"path", path.str()}});
}

template <class T>
Json optional_shown(const std::optional<T>& value) {
  return value ? shown(*value) : Json();
}

template <class T>
Json list_shown(const std::vector<T>& values) {
  Json list = Json::array();
  for (const auto& value : values)
    list.push_back(shown(value));
  return list;
}

Json fields_shown(const std::vector<Field>& fields) {
  Json list = Json::array();
  for (const auto& field : fields)
    list.push_back(std::visit([](const auto& value) { return Json(value); }, field));
  return list;
}

Json to_json(const LogLine& message) {
  return {{"message", "next"}, {"text", message.text}};
}

Json to_json(const PieceWanted& message) {
  return {{"message", "read"}, {"most", message.most.value()}};
}

Json to_json(const Piece& message) {
  return {{"message", "write"}, {"size", message.bytes.size()}};
}

Json to_json(const Finished& /*message*/) {
  return Json::object({{"message", "last"}});
}

Json to_json(const Failure& message) {
  return {{"message", "error"},
          {"level", number(message.level)},
          {"text", message.message},
          {"status", message.exit_status},
          {"traces", message.traces}};
}

Json to_json(const StartActivity& message) {
  return {{"message", "startActivity"},
          {"id", message.id},
          {"level", number(message.level)},
          {"type", number(message.type)},
          {"text", message.text},
          {"fields", fields_shown(message.fields)},
          {"parent", message.parent}};
}

Json to_json(const StopActivity& message) {
  return {{"message", "stopActivity"}, {"id", message.id}};
}

Json to_json(const ActivityResult& message) {
  return {{"message", "result"},
          {"id", message.id},
          {"type", number(message.type)},
          {"fields", fields_shown(message.fields)}};
}

}  // namespace

Json shown(const Message& message) {
  return std::visit([](const auto& kind) { return to_json(kind); }, message);
}

Json shown(const nix::DerivedPath& path) {
  return nix::to_json(path);
}

Json shown(const OutputId& output) {
  return std::visit([](const auto& kind) { return wire::shown(kind); }, output);
}

Json shown(const AnyRealisation& realisation) {
  return std::visit([](const auto& kind) { return wire::shown(kind); }, realisation);
}

Json shown(const UnkeyedPathInfo& info) {
  Json out =
      shown(with_path(info, nix::StorePath::from_base_name("00000000000000000000000000000000-x")));
  out.erase("path");
  return out;
}

Json shown(const KeyedBuildResult& keyed) {
  Json out = shown(keyed.result);
  out["path"] = shown(keyed.target);
  return out;
}

Json shown(const DaemonInfo& info) {
  return {{"nixVersion", info.nix_version ? Json(*info.nix_version) : Json()},
          {"trust", number(info.trust)}};
}

Json shown(const NoReply& /*reply*/) {
  return nullptr;
}

Json shown(const AddedPath& reply) {
  return reply.info ? shown(with_path(*reply.info, reply.path)) : shown(reply.path);
}

Json shown(const std::optional<UnkeyedPathInfo>& reply) {
  return optional_shown(reply);
}

Json shown(const std::map<std::string, std::optional<nix::StorePath>>& reply) {
  Json out = Json::object();
  for (const auto& [output, path] : reply)
    out[output] = shown(path);
  return out;
}

Json shown(const SubstitutablePath& path) {
  return {{"deriver", shown(path.deriver)},
          {"references", shown(path.references)},
          {"downloadSize", path.download_size.value()},
          {"narSize", path.nar_size.value()}};
}

Json shown(const std::optional<SubstitutablePath>& reply) {
  return optional_shown(reply);
}

Json shown(const std::map<nix::StorePath, SubstitutablePath>& reply) {
  Json out = Json::object();
  for (const auto& [path, found] : reply)
    out[path.str()] = shown(found);
  return out;
}

Json shown(const MissingPaths& reply) {
  return {{"willBuild", shown(reply.will_build)},
          {"willSubstitute", shown(reply.will_substitute)},
          {"unknown", shown(reply.unknown)},
          {"downloadSize", reply.download_size.value()},
          {"narSize", reply.nar_size.value()}};
}

Json shown(const std::optional<FoundRealisation>& reply) {
  if (!reply) return nullptr;
  return std::visit([](const auto& kind) { return wire::shown(kind); }, *reply);
}

Json shown(const std::vector<KeyedBuildResult>& reply) {
  return list_shown(reply);
}

Json shown(const std::vector<Root>& reply) {
  Json list = Json::array();
  for (const auto& root : reply)
    list.push_back({{"link", root.link}, {"target", root.target.str()}});
  return list;
}

Json shown(const GcResult& reply) {
  return {{"paths", reply.paths}, {"bytesFreed", reply.bytes_freed.value()}};
}

Json shown(const IsValidPath& request) {
  return of_path(request.path);
}

Json shown(const QueryPathInfo& request) {
  return of_path(request.path);
}

Json shown(const QueryValidPaths& request) {
  return {{"paths", shown(request.paths)}, {"substitute", request.substitute}};
}

Json shown(const QueryAllValidPaths& /*request*/) {
  return Json::object();
}

Json shown(const QueryPathFromHashPart& request) {
  return Json::object({{"hashPart", request.hash_part}});
}

Json shown(const QueryReferrers& request) {
  return of_path(request.path);
}

Json shown(const QueryValidDerivers& request) {
  return of_path(request.path);
}

Json shown(const QueryDerivationOutputMap& request) {
  return of_path(request.drv);
}

Json shown(const QuerySubstitutablePaths& request) {
  return Json::object({{"paths", shown(request.paths)}});
}

Json shown(const QuerySubstitutablePathInfo& request) {
  return of_path(request.path);
}

Json shown(const QuerySubstitutablePathInfos& request) {
  Json paths = Json::object();
  for (const auto& [path, ca] : request.paths)
    paths[path.str()] = ca.empty() ? Json() : Json(ca);
  return Json::object({{"paths", std::move(paths)}});
}

Json shown(const QueryMissing& request) {
  return Json::object({{"paths", list_shown(request.targets)}});
}

Json shown(const QueryRealisation& request) {
  return Json::object({{"output", shown(request.output)}});
}

Json shown(const NarFromPath& request) {
  return of_path(request.path);
}

Json shown(const SetOptions& request) {
  return {{"keepFailed", request.keep_failed},
          {"keepGoing", request.keep_going},
          {"tryFallback", request.try_fallback},
          {"verbosity", number(request.verbosity)},
          {"maxBuildJobs", request.max_build_jobs},
          {"maxSilentTime", request.max_silent_time.count()},
          {"verboseBuild", request.verbose_build},
          {"buildCores", request.build_cores},
          {"useSubstitutes", request.use_substitutes},
          {"overrides", request.overrides}};
}

Json shown(const BuildPaths& request) {
  return {{"paths", list_shown(request.targets)}, {"mode", number(request.mode)}};
}

Json shown(const BuildPathsWithResults& request) {
  return {{"paths", list_shown(request.targets)}, {"mode", number(request.mode)}};
}

Json shown(const BuildDerivation& request) {
  return {{"drvPath", request.drv_path.str()},
          {"derivation", shown(request.derivation)},
          {"mode", number(request.mode)}};
}

Json shown(const EnsurePath& request) {
  return of_path(request.path);
}

Json shown(const AddToStoreNar& request) {
  Json out = shown(request.info);
  out["repair"] = request.repair;
  out["dontCheckSigs"] = request.dont_check_signatures;
  return out;
}

Json shown(const AddMultipleToStore& request) {
  return {{"repair", request.repair}, {"dontCheckSigs", request.dont_check_signatures}};
}

Json shown(const AddToStore& request) {
  return {{"name", request.name},
          {"method", request.method},
          {"references", shown(request.references)},
          {"repair", request.repair}};
}

Json shown(const AddTextToStore& request) {
  return {{"name", request.name},
          {"contents", request.contents},
          {"references", shown(request.references)}};
}

Json shown(const AddSignatures& request) {
  return {{"path", request.path.str()}, {"signatures", request.signatures}};
}

Json shown(const RegisterDrvOutput& request) {
  return Json::object({{"realisation", shown(request.realisation)}});
}

Json shown(const AddBuildLog& request) {
  return Json::object({{"drvPath", request.drv.path().base_name()}});
}

Json shown(const AddTempRoot& request) {
  return of_path(request.path);
}

Json shown(const AddIndirectRoot& request) {
  return Json::object({{"link", request.link}});
}

Json shown(const AddPermRoot& request) {
  return {{"path", request.path.str()}, {"link", request.link}};
}

Json shown(const SyncWithGc& /*request*/) {
  return Json::object();
}

Json shown(const FindRoots& /*request*/) {
  return Json::object();
}

Json shown(const CollectGarbage& request) {
  return {{"action", number(request.action)},
          {"paths", request.paths ? shown(*request.paths) : Json()},
          {"deleteReferrers", request.delete_referrers},
          {"ignoreLiveness", request.ignore_liveness},
          {"maxFreed", request.max_freed.value()}};
}

Json shown(const OptimiseStore& /*request*/) {
  return Json::object();
}

Json shown(const VerifyStore& request) {
  return {{"checkContents", request.check_contents}, {"repair", request.repair}};
}

}  // namespace firn::wire::worker
