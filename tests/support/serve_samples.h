// SPDX-License-Identifier: Apache-2.0
// Messages of the serve protocol with made-up contents, the same ones for the same seed, and what
// is left of a message when it travels at an older version.
#pragma once

#include "base/encoding.h"
#include "base/hash.h"
#include "wire/serve_commands.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace firn::testing {

/// A source of values.
class ServeSamples {
 public:
  explicit ServeSamples(std::uint64_t seed) : random_(seed) {}

  std::uint64_t number() { return random_(); }

  std::uint64_t number(std::uint64_t below) { return random_() % below; }

  bool coin() { return number(2) == 0; }

  /// Any bytes, zeros too.
  std::string text(std::size_t most = 20) {
    std::string out(number(most + 1), '\0');
    for (char& c : out)
      c = static_cast<char>(number(256));
    return out;
  }

  /// What a name may hold.
  std::string name() {
    constexpr std::string_view kDigits = "abcxyzXYZ0129+-._?=";
    std::string out = "n";
    for (auto left = number(12); left > 0; --left)
      out += kDigits[number(kDigits.size())];
    return out;
  }

  nix::StorePath path(std::string_view suffix = "") {
    std::string digits;
    for (int i = 0; i < 32; ++i)
      digits += kNix32Alphabet[number(kNix32Alphabet.size())];
    return nix::StorePath::from_base_name(digits + "-" + name() + std::string(suffix));
  }

  nix::StorePathSet paths() {
    nix::StorePathSet out;
    for (auto left = number(4); left > 0; --left)
      out.insert(path());
    return out;
  }

  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (auto left = number(4); left > 0; --left)
      out.push_back(text());
    return out;
  }

  WallTime time() { return WallTime(std::chrono::seconds(number(4'000'000'000))); }

  wire::BuildOptions options() {
    return {.max_silent_time = std::chrono::seconds(number(4'000'000'000)),
            .build_timeout = std::chrono::seconds(number(4'000'000'000)),
            .max_log_size = ByteCount(number()),
            .repeats = static_cast<std::uint32_t>(number(3)),
            .enforce_determinism = coin(),
            .keep_failed = coin()};
  }

  nix::BasicDerivation derivation() {
    nix::BasicDerivation out;
    for (auto left = number(3); left > 0; --left) {
      auto& output = out.outputs[name()];
      if (coin()) output.path = path();
      if (coin()) output.hash_algo = "r:sha256";
      if (coin()) output.hash = "impure";
    }
    out.input_sources = paths();
    out.platform = "x86_64-linux";
    out.builder = text();
    out.args = texts();
    for (auto left = number(4); left > 0; --left)
      out.env[text()] = text(100);
    return out;
  }

  nix::PathInfo path_info() {
    nix::PathInfo info{.path = path(),
                       .deriver = {},
                       .references = paths(),
                       .nar_hash = hash_of(HashAlgorithm::sha256, text()),
                       .nar_size = ByteCount(number()),
                       .ca = coin() ? "fixed:r:sha256:x" : "",
                       .signatures = texts(),
                       .registration_time = time(),
                       .ultimate = coin()};
    if (coin()) info.deriver = path(".drv");
    return info;
  }

  nix::UnkeyedRealisation realisation() {
    nix::UnkeyedRealisation out{.out_path = path(), .signatures = {}};
    for (auto left = number(3); left > 0; --left)
      nix::add_signature(out.signatures, name() + ":" + encode_base64(as_bytes(text())));
    return out;
  }

  /// Everything that a result can say.
  nix::BuildResult build_result() {
    nix::BuildResult result;
    result.status = static_cast<nix::BuildStatus>(number(256));
    result.error_message = text(200);
    result.times_built = static_cast<std::uint32_t>(number(1000));
    result.is_non_deterministic = coin();
    result.start_time = time();
    result.stop_time = time();
    if (coin()) result.cpu_user = std::chrono::microseconds(number() / 2);
    if (coin()) result.cpu_system = std::chrono::microseconds(number() / 2);
    if (coin()) result.hash_modulo = hash_of(HashAlgorithm::sha256, text());
    for (auto left = number(3); left > 0; --left)
      result.built_outputs.insert_or_assign(name(), realisation());
    return result;
  }

  void fill(wire::Acknowledged& /*reply*/) {}

  void fill(wire::NarFollows& /*reply*/) {}

  void fill(wire::ExportFollows& /*reply*/) {}

  void fill(nix::StorePathSet& reply) { reply = paths(); }

  void fill(nix::BuildResult& reply) { reply = build_result(); }

  void fill(wire::PathInfos& reply) {
    for (auto left = number(4); left > 0; --left)
      reply.push_back(path_info());
  }

  void fill(wire::BuildPathsReply& reply) {
    reply.exit_status = static_cast<std::uint32_t>(number(3));
    if (reply.exit_status != 0) reply.message = text(100);
  }

  template <class Request>
  Request request();

 private:
  std::mt19937_64 random_;
};

template <>
inline wire::QueryValidPaths ServeSamples::request() {
  return {.lock = coin(), .substitute = coin(), .paths = paths()};
}

template <>
inline wire::QueryPathInfos ServeSamples::request() {
  return {.paths = paths()};
}

template <>
inline wire::DumpStorePath ServeSamples::request() {
  return {.path = path()};
}

template <>
inline wire::ImportPaths ServeSamples::request() {
  return {};
}

template <>
inline wire::ExportPaths ServeSamples::request() {
  return {.sign = coin(), .paths = paths()};
}

template <>
inline wire::BuildPaths ServeSamples::request() {
  return {.targets = texts(), .options = options()};
}

template <>
inline wire::QueryClosure ServeSamples::request() {
  return {.include_outputs = coin(), .paths = paths()};
}

template <>
inline wire::BuildDerivation ServeSamples::request() {
  return {.drv_path = nix::DrvPath(path(".drv")), .derivation = derivation(), .options = options()};
}

template <>
inline wire::AddToStoreNar ServeSamples::request() {
  return {.info = path_info()};
}

/// What arrives of a result whose outputs travel as JSON: without the hash, Nix 2.35 writes neither
/// it nor signatures.
inline void as_json(nix::BuildResult& result) {
  if (result.built_outputs.empty()) result.hash_modulo.reset();
  if (result.hash_modulo) return;
  for (auto& [name, realisation] : result.built_outputs)
    realisation.signatures.clear();
}

/// What arrives of `message` at `version`: everything, unless an overload knows better.
template <class Message>
Message as_of(wire::ServeVersion /*version*/, Message message) {
  return message;
}

inline wire::BuildOptions as_of(wire::ServeVersion version, wire::BuildOptions options) {
  constexpr std::uint64_t kNarrow = std::numeric_limits<std::uint32_t>::max();
  if (version < wire::ServeVersion(2)) options.max_log_size = {};
  if (version < wire::ServeVersion(3)) {
    options.repeats = 0;
    options.enforce_determinism = false;
  }
  if (version < wire::ServeVersion(4)) {
    options.max_log_size = ByteCount(std::min(options.max_log_size.value(), kNarrow));
  }
  if (version < wire::ServeVersion(7)) options.keep_failed = false;
  return options;
}

inline nix::BuildResult as_of(wire::ServeVersion version, nix::BuildResult result) {
  if (version < wire::ServeVersion(3)) {
    nix::BuildResult rest;
    rest.status = result.status;
    rest.error_message = result.error_message;
    return rest;
  }
  result.cpu_user.reset();
  result.cpu_system.reset();
  if (version < wire::ServeVersion(6)) result.built_outputs.clear();
  if (version < wire::ServeVersion(6) || version >= wire::ServeVersion(8)) {
    result.hash_modulo.reset();
  } else {
    as_json(result);
  }
  return result;
}

/// As QueryPathInfos answers.
inline wire::PathInfos as_of(wire::ServeVersion version, wire::PathInfos infos) {
  for (auto& info : infos) {
    info.registration_time = {};
    info.ultimate = false;
    if (version >= wire::ServeVersion(4)) continue;
    info.nar_hash.reset();
    info.ca.clear();
    info.signatures.clear();
  }
  return infos;
}

inline wire::BuildPaths as_of(wire::ServeVersion version, wire::BuildPaths request) {
  request.options = as_of(version, request.options);
  return request;
}

inline wire::BuildDerivation as_of(wire::ServeVersion version, wire::BuildDerivation request) {
  request.options = as_of(version, request.options);
  return request;
}

}  // namespace firn::testing
