// SPDX-License-Identifier: Apache-2.0
// What the serve and the worker protocol write alike: derivations, build results, realisations and
// the forms of a hash. Written once for both directions. Included by the sources of this layer
// only.
#pragma once

#include "base/hash.h"
#include "nix/build_result.h"
#include "nix/derivation.h"
#include "nix/realisation.h"
#include "wire/built_outputs.h"
#include "wire/codec.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace firn::wire {

/// One hash has many texts: path infos of the serve protocol have "sha256:<nix32>" or nothing,
/// everything else has bare base16. Any form is read.
enum class HashText : std::uint8_t { prefixed_or_nothing, bare };

void nar_hash(Encoder& io, const std::optional<Hash>& hash, HashText form);
void nar_hash(Decoder& io, std::optional<Hash>& hash, HashText form);

void build_status(Encoder& io, nix::BuildStatus status);
void build_status(Decoder& io, nix::BuildStatus& status);

/// A tag, 0 or 1, and with 1 a number. Absent times are not 0.
void optional_time(Encoder& io, std::optional<std::chrono::microseconds> time);
void optional_time(Decoder& io, std::optional<std::chrono::microseconds>& time);

/// A derivation as it is sent to be built: without its name and without input derivations. The same
/// in every version of both protocols.
template <class Io>
void derivation_fields(Io& io, Fields<Io, nix::BasicDerivation>& derivation) {
  io.map(derivation.outputs, [&](auto& name, auto& output) {
    io.text(name, kNameLimit);
    io.optional_path(output.path);
    io.text(output.hash_algo, kHashLimit);
    io.text(output.hash, kHashLimit);
  });
  io.paths(derivation.input_sources);
  io.text(derivation.platform, kNameLimit);
  io.text(derivation.builder, kTextLimit);
  io.texts(derivation.args, kTextLimit);
  io.map(derivation.env, [&](auto& name, auto& value) {
    io.text(name, kTextLimit);
    io.text(value, kTextLimit);
  });
}

/// Since serve 2.8, and with the worker's realisation_with_path.
template <class Io>
void drv_output_fields(Io& io, Fields<Io, nix::DrvOutput>& output) {
  io.path(output.drv);
  io.text(output.output, kNameLimit);
}

/// Since serve 2.8, and with the worker's realisation_with_path.
template <class Io>
void realisation_fields(Io& io, Fields<Io, nix::UnkeyedRealisation>& realisation) {
  io.path(realisation.out_path);
  io.texts(realisation.signatures, kSignatureLimit);
}

/// Which parts of a build result a version has. They come in this order, though not in the order in
/// which they were invented.
struct BuildResultParts {
  enum class Outputs : std::uint8_t { none, json, binary };

  /// timesBuilt, isNonDeterministic, startTime and stopTime.
  bool times = false;
  /// cpuUser and cpuSystem.
  bool cpu_times = false;
  Outputs outputs = Outputs::none;
};

/// Every field is there for every status: what does not belong to it is empty.
template <class Io>
void build_result_fields(Io& io, Fields<Io, nix::BuildResult>& result, BuildResultParts parts) {
  build_status(io, result.status);
  io.text(result.error_message, kMessageLimit);
  if (parts.times) {
    io.u32(result.times_built);
    io.boolean(result.is_non_deterministic);
    io.time(result.start_time);
    io.time(result.stop_time);
  }
  if (parts.cpu_times) {
    optional_time(io, result.cpu_user);
    optional_time(io, result.cpu_system);
  }
  if (parts.outputs == BuildResultParts::Outputs::json) {
    json_outputs(io, result);
  } else if (parts.outputs == BuildResultParts::Outputs::binary) {
    io.map(result.built_outputs, [&](auto& name, auto& realisation) {
      io.text(name, kNameLimit);
      realisation_fields(io, realisation);
    });
  }
}

}  // namespace firn::wire
