// SPDX-License-Identifier: Apache-2.0
// The serve protocol field by field: the one definition of each message, written once for both
// directions and both halves. `Io` is an Encoder or a Decoder. Included by the sources of this
// layer only. Reference: Nix 1.10 (2.1) to 2.35 (2.8).
#pragma once

#include "nix/build_result.h"
#include "nix/path_info.h"
#include "wire/codec.h"
#include "wire/common_fields.h"
#include "wire/conversation.h"
#include "wire/serve_commands.h"
#include "wire/version.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace firn::wire {

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

constexpr BuildResultParts parts_of_build_result(ServeVersion version) {
  using enum BuildResultParts::Outputs;
  return {.times = has(version, Since::build_times),
          .cpu_times = false,
          .outputs = has(version, Since::binary_built_outputs) ? binary
                     : has(version, Since::built_outputs)      ? json
                                                               : none};
}

template <class Io>
void fields(Io& io, Fields<Io, nix::BuildResult>& result, ServeVersion version) {
  build_result_fields(io, result, parts_of_build_result(version));
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
void fields(Io& /*io*/, Fields<Io, NarFollows>& /*reply*/, ServeVersion /*version*/) {}

template <class Io>
void fields(Io& /*io*/, Fields<Io, ExportFollows>& /*reply*/, ServeVersion /*version*/) {}

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
void fields(Io& io, Fields<Io, ExportPaths>& request, ServeVersion /*version*/) {
  io.boolean(request.sign);
  io.paths(request.paths);
}

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
  derivation_fields(io, request.derivation);
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

/// Infos until an empty path: the one list without a count.
inline Record read_record(Decoder& io,
                          PathInfos& reply,
                          ListState& /*list*/,
                          ServeVersion version) {
  std::optional<nix::StorePath> path;
  io.optional_path(path);
  if (io.is_short() || !path) return Record::last;
  auto info = blank<nix::PathInfo>();
  info.path = std::move(*path);
  unkeyed_fields(io, info, version);
  if (io.is_short()) return Record::of_list;
  if (reply.size() >= kCountLimit)
    io.fail(fmt::format("at most {} path infos", kCountLimit), "more");
  reply.push_back(std::move(info));
  return Record::of_list;
}

inline void write_reply(Encoder& io, const PathInfos& reply, ServeVersion version) {
  for (const auto& info : reply) {
    io.path(info.path);
    unkeyed_fields(io, info, version);
  }
  io.optional_path(std::nullopt);
}

}  // namespace firn::wire
