// SPDX-License-Identifier: Apache-2.0
// Messages of the worker protocol with made-up contents, the same ones for the same seed, and what
// is left of a message when it travels by an older agreement.
#pragma once

#include "support/serve_samples.h"
#include "wire/worker_builds.h"
#include "wire/worker_messages.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace firn::testing {

/// Every version, and the newest with features.
inline std::vector<wire::worker::Protocol> worker_protocols() {
  using enum wire::worker::Feature;
  std::vector<wire::worker::Protocol> out;
  for (std::uint8_t minor = 21; minor <= 38; ++minor)
    out.push_back({.version = wire::WorkerVersion(minor), .features = {}});
  out.push_back({.version = wire::kNewestWorker, .features = {realisation_with_path}});
  out.push_back({.version = wire::kNewestWorker, .features = {delete_dead_referrers}});
  out.push_back({.version = wire::kNewestWorker, .features = wire::worker::kOurFeatures});
  return out;
}

inline wire::worker::UnkeyedPathInfo without_path(nix::PathInfo info) {
  return {.deriver = std::move(info.deriver),
          .references = std::move(info.references),
          .nar_hash = info.nar_hash,
          .nar_size = info.nar_size,
          .ca = std::move(info.ca),
          .signatures = std::move(info.signatures),
          .registration_time = info.registration_time,
          .ultimate = info.ultimate};
}

/// A source of values that may travel by one agreement.
class WorkerSamples : public ServeSamples {
 public:
  WorkerSamples(std::uint64_t seed, wire::worker::Protocol protocol)
      : ServeSamples(seed), protocol_(protocol) {}

  bool names_derivations() const {
    return has(protocol_, wire::worker::Feature::realisation_with_path);
  }

  nix::DerivedPath derived_path() {
    const bool is_new = has(protocol_, wire::worker::Since::derivation_as_path);
    if (number(3) == 0) return path(is_new && coin() ? ".drv" : "");
    nix::BuiltPath built{.derivation = {.base = path(".drv"), .outputs = {}}, .outputs = {}};
    for (auto left = number(3); left > 0; --left)
      built.outputs.names.insert(name());
    if (is_new && coin()) built.derivation.outputs.push_back(name());
    return built;
  }

  std::vector<nix::DerivedPath> derived_paths() {
    std::vector<nix::DerivedPath> out;
    for (auto left = number(4); left > 0; --left)
      out.push_back(derived_path());
    return out;
  }

  wire::worker::BuildMode build_mode() { return static_cast<wire::worker::BuildMode>(number(3)); }

  nix::DrvOutput drv_output() { return {.drv = nix::DrvPath(path(".drv")), .output = name()}; }

  nix::HashedDrvOutput hashed_output() {
    return {.hash_modulo = hash_of(HashAlgorithm::sha256, text()), .output = name()};
  }

  nix::HashedRealisation hashed_realisation() {
    nix::HashedRealisation out{.key = hashed_output(), .value = realisation(), .dependencies = {}};
    for (auto left = number(3); left > 0; --left)
      out.dependencies.insert_or_assign(hashed_output(), path());
    return out;
  }

  wire::worker::OutputId output_id() {
    if (names_derivations()) return drv_output();
    return hashed_output();
  }

  wire::worker::AnyRealisation any_realisation() {
    if (names_derivations()) return nix::Realisation{.key = drv_output(), .value = realisation()};
    return hashed_realisation();
  }

  wire::worker::UnkeyedPathInfo unkeyed_path_info() { return without_path(path_info()); }

  wire::worker::SubstitutablePath substitutable_path() {
    wire::worker::SubstitutablePath out{.deriver = {},
                                        .references = paths(),
                                        .download_size = ByteCount(number()),
                                        .nar_size = ByteCount(number())};
    if (coin()) out.deriver = path(".drv");
    return out;
  }

  std::vector<wire::worker::Field> log_fields() {
    std::vector<wire::worker::Field> out;
    for (auto left = number(4); left > 0; --left) {
      if (coin()) {
        out.emplace_back(number());
      } else {
        out.emplace_back(text());
      }
    }
    return out;
  }

  std::uint32_t small_number() { return static_cast<std::uint32_t>(number(1000)); }

  /// One of each kind.
  std::vector<wire::worker::Message> messages() {
    using namespace wire::worker;
    return {LogLine{.text = text(200)},
            PieceWanted{.most = ByteCount(number())},
            Piece{.bytes = text(200)},
            Finished{},
            Failure{.level = static_cast<Verbosity>(small_number()),
                    .name = name(),
                    .message = text(200),
                    .exit_status = small_number(),
                    .traces = texts()},
            StartActivity{.id = number(),
                          .level = static_cast<Verbosity>(small_number()),
                          .type = static_cast<ActivityType>(small_number()),
                          .text = text(),
                          .fields = log_fields(),
                          .parent = number()},
            StopActivity{.id = number()},
            ActivityResult{.id = number(),
                           .type = static_cast<ResultType>(small_number()),
                           .fields = log_fields()}};
  }

  using ServeSamples::fill;

  void fill(wire::worker::NoReply& /*reply*/) {}

  void fill(bool& reply) { reply = coin(); }

  void fill(std::string& reply) { reply = text(); }

  void fill(nix::StorePath& reply) { reply = path(); }

  void fill(std::optional<nix::StorePath>& reply) {
    if (coin()) reply = path();
  }

  void fill(std::optional<wire::worker::UnkeyedPathInfo>& reply) {
    if (coin()) reply = unkeyed_path_info();
  }

  void fill(std::optional<wire::worker::SubstitutablePath>& reply) {
    if (coin()) reply = substitutable_path();
  }

  void fill(std::map<nix::StorePath, wire::worker::SubstitutablePath>& reply) {
    for (auto left = number(4); left > 0; --left)
      reply.insert_or_assign(path(), substitutable_path());
  }

  void fill(std::map<std::string, std::optional<nix::StorePath>>& reply) {
    for (auto left = number(4); left > 0; --left)
      fill(reply[name()]);
  }

  void fill(wire::worker::AddedPath& reply) {
    reply.path = path();
    if (has(protocol_, wire::worker::Since::add_to_store_by_method))
      reply.info = unkeyed_path_info();
  }

  void fill(wire::worker::MissingPaths& reply) {
    reply = {.will_build = paths(),
             .will_substitute = paths(),
             .unknown = paths(),
             .download_size = ByteCount(number()),
             .nar_size = ByteCount(number())};
  }

  void fill(std::optional<wire::worker::FoundRealisation>& reply) {
    const bool is_json =
        !names_derivations() && has(protocol_, wire::worker::Since::json_realisations);
    if (coin()) return;
    if (is_json) {
      reply = hashed_realisation();
    } else {
      reply = realisation();
    }
  }

  void fill(wire::worker::GcResult& reply) {
    reply = {.paths = texts(), .bytes_freed = ByteCount(number())};
  }

  void fill(std::vector<wire::worker::KeyedBuildResult>& reply) {
    for (auto left = number(4); left > 0; --left)
      reply.push_back({.target = derived_path(), .result = build_result()});
  }

  void fill(std::vector<wire::worker::Root>& reply) {
    for (auto left = number(4); left > 0; --left)
      reply.push_back({.target = path(), .link = text()});
  }

  template <class Request>
  Request request();

 private:
  wire::worker::Protocol protocol_;
};

/// Requests about one path.
template <class Request>
Request WorkerSamples::request() {
  return {.path = path()};
}

template <>
inline wire::worker::QueryValidPaths WorkerSamples::request() {
  return {.paths = paths(), .substitute = coin()};
}

template <>
inline wire::worker::QueryAllValidPaths WorkerSamples::request() {
  return {};
}

template <>
inline wire::worker::QueryPathFromHashPart WorkerSamples::request() {
  return {.hash_part = std::string(path().hash_part())};
}

template <>
inline wire::worker::QueryDerivationOutputMap WorkerSamples::request() {
  return {.drv = path(".drv")};
}

template <>
inline wire::worker::QuerySubstitutablePaths WorkerSamples::request() {
  return {.paths = paths()};
}

template <>
inline wire::worker::QuerySubstitutablePathInfos WorkerSamples::request() {
  wire::worker::QuerySubstitutablePathInfos out;
  for (auto left = number(4); left > 0; --left)
    out.paths.insert_or_assign(path(), coin() ? "fixed:sha256:x" : "");
  return out;
}

template <>
inline wire::worker::QueryMissing WorkerSamples::request() {
  return {.targets = derived_paths()};
}

template <>
inline wire::worker::QueryRealisation WorkerSamples::request() {
  return {.output = output_id()};
}

template <>
inline wire::worker::SetOptions WorkerSamples::request() {
  wire::worker::SetOptions out{.keep_failed = coin(),
                               .keep_going = coin(),
                               .try_fallback = coin(),
                               .verbosity = static_cast<wire::worker::Verbosity>(number(8)),
                               .max_build_jobs = small_number(),
                               .max_silent_time = std::chrono::seconds(number(4'000'000'000)),
                               .verbose_build = coin(),
                               .build_cores = small_number(),
                               .use_substitutes = coin(),
                               .overrides = {}};
  for (auto left = number(4); left > 0; --left)
    out.overrides.insert_or_assign(name(), text());
  return out;
}

template <>
inline wire::worker::BuildPaths WorkerSamples::request() {
  return {.targets = derived_paths(), .mode = build_mode()};
}

template <>
inline wire::worker::BuildPathsWithResults WorkerSamples::request() {
  return {.targets = derived_paths(), .mode = build_mode()};
}

template <>
inline wire::worker::BuildDerivation WorkerSamples::request() {
  return {.drv_path = nix::DrvPath(path(".drv")), .derivation = derivation(), .mode = build_mode()};
}

template <>
inline wire::worker::AddToStoreNar WorkerSamples::request() {
  return {.info = path_info(), .repair = coin(), .dont_check_signatures = coin()};
}

template <>
inline wire::worker::AddMultipleToStore WorkerSamples::request() {
  return {.repair = coin(), .dont_check_signatures = coin()};
}

template <>
inline wire::worker::AddToStore WorkerSamples::request() {
  const std::vector<std::string> methods = {"fixed:r:sha256", "fixed:sha256", "fixed:r:sha1"};
  return {.name = name(),
          .method = methods.at(number(methods.size())),
          .references = paths(),
          .repair = coin()};
}

template <>
inline wire::worker::AddTextToStore WorkerSamples::request() {
  return {.name = name(), .contents = text(200), .references = paths()};
}

template <>
inline wire::worker::AddSignatures WorkerSamples::request() {
  return {.path = path(), .signatures = texts()};
}

template <>
inline wire::worker::RegisterDrvOutput WorkerSamples::request() {
  return {.realisation = any_realisation()};
}

template <>
inline wire::worker::AddBuildLog WorkerSamples::request() {
  return {.drv = nix::DrvPath(path(".drv"))};
}

template <>
inline wire::worker::AddIndirectRoot WorkerSamples::request() {
  return {.link = text()};
}

template <>
inline wire::worker::AddPermRoot WorkerSamples::request() {
  return {.path = path(), .link = text()};
}

template <>
inline wire::worker::SyncWithGc WorkerSamples::request() {
  return {};
}

template <>
inline wire::worker::FindRoots WorkerSamples::request() {
  return {};
}

template <>
inline wire::worker::CollectGarbage WorkerSamples::request() {
  wire::worker::CollectGarbage out{.action = static_cast<wire::worker::GcAction>(number(4)),
                                   .paths = {},
                                   .delete_referrers = false,
                                   .ignore_liveness = coin(),
                                   .max_freed = ByteCount(number())};
  if (!coin()) return out;
  out.paths = paths();
  out.delete_referrers = coin();
  return out;
}

template <>
inline wire::worker::OptimiseStore WorkerSamples::request() {
  return {};
}

template <>
inline wire::worker::VerifyStore WorkerSamples::request() {
  return {.check_contents = coin(), .repair = coin()};
}

/// What arrives of `message` by `protocol`: everything, unless an overload knows better.
template <class Message>
Message as_of(wire::worker::Protocol /*protocol*/, Message message) {
  return message;
}

inline nix::BuildResult as_of(wire::worker::Protocol protocol, nix::BuildResult result) {
  const auto knows = [&](std::uint8_t minor) {
    return protocol.version >= wire::WorkerVersion(minor);
  };
  const bool is_binary = has(protocol, wire::worker::Feature::realisation_with_path);
  if (!knows(29)) {
    result.times_built = 0;
    result.is_non_deterministic = false;
    result.start_time = {};
    result.stop_time = {};
  }
  if (!knows(37)) {
    result.cpu_user.reset();
    result.cpu_system.reset();
  }
  if (!knows(28)) result.built_outputs.clear();
  if (!knows(28) || is_binary) {
    result.hash_modulo.reset();
  } else {
    as_json(result);
  }
  return result;
}

inline std::vector<wire::worker::KeyedBuildResult> as_of(
    wire::worker::Protocol protocol, std::vector<wire::worker::KeyedBuildResult> reply) {
  for (auto& [target, result] : reply)
    result = as_of(protocol, std::move(result));
  return reply;
}

inline wire::worker::QueryValidPaths as_of(wire::worker::Protocol protocol,
                                           wire::worker::QueryValidPaths request) {
  if (protocol.version < wire::WorkerVersion(27)) request.substitute = false;
  return request;
}

inline wire::worker::QuerySubstitutablePathInfos as_of(
    wire::worker::Protocol protocol, wire::worker::QuerySubstitutablePathInfos request) {
  for (auto& [path, ca] : request.paths) {
    if (protocol.version < wire::WorkerVersion(22)) ca.clear();
  }
  return request;
}

inline wire::worker::AddToStore as_of(wire::worker::Protocol protocol,
                                      wire::worker::AddToStore request) {
  if (protocol.version >= wire::WorkerVersion(25)) return request;
  return {.name = request.name, .method = request.method, .references = {}, .repair = false};
}

inline wire::worker::RegisterDrvOutput as_of(wire::worker::Protocol protocol,
                                             wire::worker::RegisterDrvOutput request) {
  if (protocol.version >= wire::WorkerVersion(31)) return request;
  auto& hashed = std::get<nix::HashedRealisation>(request.realisation);
  hashed.value.signatures.clear();
  hashed.dependencies.clear();
  return request;
}

inline std::optional<wire::worker::FoundRealisation> as_of(
    wire::worker::Protocol protocol, std::optional<wire::worker::FoundRealisation> reply) {
  if (reply && protocol.version < wire::WorkerVersion(31))
    std::get<nix::UnkeyedRealisation>(*reply).signatures.clear();
  return reply;
}

inline wire::worker::CollectGarbage as_of(wire::worker::Protocol protocol,
                                          wire::worker::CollectGarbage request) {
  if (has(protocol, wire::worker::Feature::delete_dead_referrers)) return request;
  const bool is_specific = request.action == wire::worker::GcAction::delete_specific;
  auto paths = request.paths.value_or(nix::StorePathSet());
  request.delete_referrers = false;
  request.paths.reset();
  if (is_specific || !paths.empty()) request.paths = std::move(paths);
  return request;
}

inline wire::worker::Message as_of(wire::worker::Protocol protocol, wire::worker::Message message) {
  auto* failure = std::get_if<wire::worker::Failure>(&message);
  if (failure == nullptr) return message;
  if (protocol.version < wire::WorkerVersion(26)) {
    return wire::worker::Failure{.level = wire::worker::Verbosity::error,
                                 .name = "Error",
                                 .message = failure->message,
                                 .exit_status = failure->exit_status,
                                 .traces = {}};
  }
  failure->exit_status = 1;
  return message;
}

}  // namespace firn::testing
