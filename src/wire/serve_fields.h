// SPDX-License-Identifier: Apache-2.0
// The serve protocol field by field: the one definition of each message, written once for both
// directions and both halves. `Io` is an Encoder or a Decoder. Included by the sources of this
// layer only. Reference: Nix 1.10 (2.1) to 2.35 (2.8).
#pragma once

#include "base/hash.h"
#include "nix/build_result.h"
#include "nix/derivation.h"
#include "nix/path_info.h"
#include "wire/built_outputs.h"
#include "wire/codec.h"
#include "wire/serve_commands.h"
#include "wire/version.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::wire {

/// One hash has many texts: path infos have "sha256:<nix32>" or nothing, AddToStoreNar has bare
/// base16. Any form is read.
enum class HashText : std::uint8_t { prefixed_or_nothing, bare };

void nar_hash(Encoder& io, const std::optional<Hash>& hash, HashText form);
void nar_hash(Decoder& io, std::optional<Hash>& hash, HashText form);

void build_status(Encoder& io, nix::BuildStatus status);
void build_status(Decoder& io, nix::BuildStatus& status);

/// 2.2 was read into 32 bits.
void max_log_size(Encoder& io, ByteCount size, ServeVersion version);
void max_log_size(Decoder& io, ByteCount& size, ServeVersion version);

template <class Io>
void fields(Io& io, Fields<Io, BuildOptions>& options, ServeVersion version) {
  io.seconds(options.max_silent_time);
  io.seconds(options.build_timeout);
  if (has(version, Since::max_log_size)) max_log_size(io, options.max_log_size, version);
  if (has(version, Since::repeats)) {
    io.u32(options.repeats);
    io.boolean(options.enforce_determinism);
  }
  if (has(version, Since::keep_failed)) io.boolean(options.keep_failed);
}

template <class Io>
void fields(Io& io, Fields<Io, nix::BasicDerivation>& derivation, ServeVersion /*version*/) {
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

/// A realisation's signatures are neither kept nor made up.
template <class Io>
void binary_outputs(Io& io, Fields<Io, std::map<std::string, nix::StorePath>>& outputs) {
  io.map(outputs, [&](auto& name, auto& path) {
    std::vector<std::string> signatures;
    io.text(name, kNameLimit);
    io.path(path);
    io.texts(signatures, kSignatureLimit);
  });
}

template <class Io>
void fields(Io& io, Fields<Io, nix::BuildResult>& result, ServeVersion version) {
  build_status(io, result.status);
  io.text(result.error_message, kMessageLimit);
  if (has(version, Since::build_times)) {
    io.u32(result.times_built);
    io.boolean(result.is_non_deterministic);
    io.time(result.start_time);
    io.time(result.stop_time);
  }
  if (has(version, Since::binary_built_outputs)) {
    binary_outputs(io, result.built_outputs);
  } else if (has(version, Since::built_outputs)) {
    json_outputs(io, result.built_outputs);
  }
}

/// As QueryPathInfos answers, after the path. Servers repeat the NAR size as the download size.
template <class Io>
void unkeyed_fields(Io& io, Fields<Io, nix::PathInfo>& info, ServeVersion version) {
  auto download_size = info.nar_size;
  io.optional_path(info.deriver);
  io.paths(info.references);
  io.size(download_size);
  io.size(info.nar_size);
  if (has(version, Since::content_of_path_info)) {
    nar_hash(io, info.nar_hash, HashText::prefixed_or_nothing);
    io.text(info.ca, kContentAddressLimit);
    io.texts(info.signatures, kSignatureLimit);
  }
}

template <class Io>
void fields(Io& io, Fields<Io, Acknowledged>& /*reply*/, ServeVersion /*version*/) {
  io.constant(1, "an acknowledgement");
}

template <class Io>
void fields(Io& io, Fields<Io, BuildPathsReply>& reply, ServeVersion /*version*/) {
  io.u32(reply.exit_status);
  if (reply.exit_status != 0) io.text(reply.message, kMessageLimit);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryValidPaths>& request, ServeVersion /*version*/) {
  io.boolean(request.lock);
  io.boolean(request.substitute);
  io.paths(request.paths);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryPathInfos>& request, ServeVersion /*version*/) {
  io.paths(request.paths);
}

template <class Io>
void fields(Io& io, Fields<Io, DumpStorePath>& request, ServeVersion /*version*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& /*io*/, Fields<Io, ImportPaths>& /*request*/, ServeVersion /*version*/) {}

template <class Io>
void fields(Io& io, Fields<Io, BuildPaths>& request, ServeVersion version) {
  io.texts(request.targets, kNameLimit);
  fields(io, request.options, version);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryClosure>& request, ServeVersion /*version*/) {
  io.boolean(request.include_outputs);
  io.paths(request.paths);
}

template <class Io>
void fields(Io& io, Fields<Io, BuildDerivation>& request, ServeVersion version) {
  io.path(request.drv_path);
  fields(io, request.derivation, version);
  fields(io, request.options, version);
}

template <class Io>
void fields(Io& io, Fields<Io, AddToStoreNar>& request, ServeVersion /*version*/) {
  auto& info = request.info;
  io.path(info.path);
  io.optional_path(info.deriver);
  nar_hash(io, info.nar_hash, HashText::bare);
  io.paths(info.references);
  io.time(info.registration_time);
  io.size(info.nar_size);
  io.boolean(info.ultimate);
  io.texts(info.signatures, kSignatureLimit);
  io.text(info.ca, kContentAddressLimit);
}

template <>
nix::PathInfo blank<nix::PathInfo>();

template <>
DumpStorePath blank<DumpStorePath>();

template <>
BuildDerivation blank<BuildDerivation>();

template <>
AddToStoreNar blank<AddToStoreNar>();

/// A whole record, or how much is missing of it.
template <class T>
DecodeResult<T> decode_record(std::string_view bytes, ServeVersion version, std::uint64_t offset) {
  Decoder io(bytes, offset);
  auto value = blank<T>();
  fields(io, value, version);
  if (io.is_short()) return Short{io.missing()};
  return Decoded<T>{.value = std::move(value), .consumed = io.consumed()};
}

}  // namespace firn::wire
