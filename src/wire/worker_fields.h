// SPDX-License-Identifier: Apache-2.0
// The worker protocol field by field: the one definition of each message, written once for both
// directions and both halves. `Io` is an Encoder or a Decoder. Included by the sources of this
// layer only. Reference: Nix 2.1 (1.21) to 2.35 (1.38 with features).
#pragma once

#include "base/error.h"
#include "nix/build_result.h"
#include "nix/derived_path.h"
#include "nix/path_info.h"
#include "wire/codec.h"
#include "wire/common_fields.h"
#include "wire/worker_builds.h"
#include "wire/worker_queries.h"
#include "wire/worker_types.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"
#include "wire/worker_version.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firn::wire {

template <>
nix::DerivedPath blank<nix::DerivedPath>();

template <>
worker::OutputId blank<worker::OutputId>();

template <>
nix::Realisation blank<nix::Realisation>();

template <>
nix::HashedRealisation blank<nix::HashedRealisation>();

template <>
worker::AnyRealisation blank<worker::AnyRealisation>();

}  // namespace firn::wire

namespace firn::wire::worker {

/// From 1.30 on "…", "….drv!*" or "….drv!a,b"; before, a bare derivation stands for all its
/// outputs. Throws Error{invalid} for what an old version has no words for.
void derived_path(Encoder& io, const nix::DerivedPath& path, Protocol protocol);
void derived_path(Decoder& io, nix::DerivedPath& path, Protocol protocol);

void derived_paths(Encoder& io, const std::vector<nix::DerivedPath>& paths, Protocol protocol);
void derived_paths(Decoder& io, std::vector<nix::DerivedPath>& paths, Protocol protocol);

/// Known numbers only.
void build_mode(Encoder& io, BuildMode mode);
void build_mode(Decoder& io, BuildMode& mode);

/// Known numbers only.
void gc_action(Encoder& io, GcAction action);
void gc_action(Decoder& io, GcAction& action);

/// Which paths a collection is about.
void gc_paths(Encoder& io, const CollectGarbage& request, Protocol protocol);
void gc_paths(Decoder& io, CollectGarbage& request, Protocol protocol);

/// A base name instead of a full path.
void base_name(Encoder& io, const nix::StorePath& path);
void base_name(Decoder& io, nix::StorePath& path);
void base_name(Encoder& io, const nix::DrvPath& drv);
void base_name(Decoder& io, nix::DrvPath& drv);

/// Below 1.25 the method is three fields: whether it is not "fixed:r:sha256", whether it is over a
/// NAR, and the algorithm. Throws Error{invalid} for a method that these can't say.
void old_method(Encoder& io, const std::string& method);
void old_method(Decoder& io, std::string& method);

/// Throws Bug for the name that the agreed protocol does not speak of.
void output_id(Encoder& io, const OutputId& output, Protocol protocol);
void output_id(Decoder& io, OutputId& output, Protocol protocol);

/// Throws Bug for the form that the agreed protocol does not speak of.
void realisation(Encoder& io, const AnyRealisation& value, Protocol protocol);
void realisation(Decoder& io, AnyRealisation& value, Protocol protocol);

/// Throws Bug for the form that the agreed protocol does not speak of.
void found_realisation(Encoder& io,
                       const std::optional<FoundRealisation>& found,
                       Protocol protocol);
void found_realisation(Decoder& io, std::optional<FoundRealisation>& found, Protocol protocol);

/// A field that once meant something: written as `value`, read as anything.
template <class Io>
void obsolete(Io& io, std::uint64_t value) {
  io.u64(value);
}

// Structures.

template <class Io, class Info>
void path_info_fields(Io& io, Info& info, Protocol protocol) {
  io.optional_path(info.deriver);
  nar_hash(io, info.nar_hash, HashText::bare);
  io.paths(info.references);
  io.time(info.registration_time);
  io.size(info.nar_size);
  if (has(protocol, Since::ultimate)) {
    io.boolean(info.ultimate);
    io.texts(info.signatures, kSignatureLimit);
    io.text(info.ca, kContentAddressLimit);
  }
}

template <class Io>
void fields(Io& io, Fields<Io, UnkeyedPathInfo>& info, Protocol protocol) {
  path_info_fields(io, info, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, nix::PathInfo>& info, Protocol protocol) {
  io.path(info.path);
  path_info_fields(io, info, protocol);
}

constexpr BuildResultParts parts_of_build_result(Protocol protocol) {
  using enum BuildResultParts::Outputs;
  return {.times = has(protocol, Since::build_times),
          .cpu_times = has(protocol, Since::cpu_times),
          .outputs = has(protocol, Feature::realisation_with_path) ? binary
                     : has(protocol, Since::built_outputs)         ? json
                                                                   : none};
}

template <class Io>
void fields(Io& io, Fields<Io, nix::BuildResult>& result, Protocol protocol) {
  build_result_fields(io, result, parts_of_build_result(protocol));
}

template <class Io>
void fields(Io& io, Fields<Io, KeyedBuildResult>& keyed, Protocol protocol) {
  derived_path(io, keyed.target, protocol);
  fields(io, keyed.result, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, SubstitutablePath>& path, Protocol /*protocol*/) {
  io.optional_path(path.deriver);
  io.paths(path.references);
  io.size(path.download_size);
  io.size(path.nar_size);
}

template <class Io>
void fields(Io& io, Fields<Io, Root>& root, Protocol /*protocol*/) {
  io.text(root.link, kPathLimit);
  io.path(root.target);
}

// Replies.

template <class Io>
void fields(Io& /*io*/, Fields<Io, NoReply>& /*reply*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& /*io*/, Fields<Io, NarFollows>& /*reply*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& io, Fields<Io, Acknowledged>& /*reply*/, Protocol /*protocol*/) {
  obsolete(io, 1);
}

template <class Io>
void fields(Io& io, Fields<Io, bool>& reply, Protocol /*protocol*/) {
  io.boolean(reply);
}

template <class Io>
void fields(Io& io, Fields<Io, std::string>& reply, Protocol /*protocol*/) {
  io.text(reply, kPathLimit);
}

template <class Io>
void fields(Io& io, Fields<Io, nix::StorePath>& reply, Protocol /*protocol*/) {
  io.path(reply);
}

template <class Io>
void fields(Io& io, Fields<Io, std::optional<nix::StorePath>>& reply, Protocol /*protocol*/) {
  io.optional_path(reply);
}

/// A value behind a number that says whether there is one.
template <class Io, class T>
void optional_fields(Io& io, std::optional<T>& value, Protocol protocol) {
  bool is_there = false;
  io.boolean(is_there);
  if (is_there) fields(io, value.emplace(), protocol);
}

template <class T>
void optional_fields(Encoder& io, const std::optional<T>& value, Protocol protocol) {
  io.boolean(value.has_value());
  if (value) fields(io, *value, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, std::optional<UnkeyedPathInfo>>& reply, Protocol protocol) {
  optional_fields(io, reply, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, std::optional<SubstitutablePath>>& reply, Protocol protocol) {
  optional_fields(io, reply, protocol);
}

template <class Io>
void fields(Io& io,
            Fields<Io, std::map<nix::StorePath, SubstitutablePath>>& reply,
            Protocol protocol) {
  io.map(reply, [&](auto& path, auto& found) {
    io.path(path);
    fields(io, found, protocol);
  });
}

template <class Io>
void fields(Io& io,
            Fields<Io, std::map<std::string, std::optional<nix::StorePath>>>& reply,
            Protocol /*protocol*/) {
  io.map(reply, [&](auto& output, auto& path) {
    io.text(output, kNameLimit);
    io.optional_path(path);
  });
}

template <class Io>
void fields(Io& io, Fields<Io, AddedPath>& reply, Protocol protocol) {
  io.path(reply.path);
  if (!has(protocol, Since::add_to_store_by_method)) return;
  if constexpr (Io::kReads) reply.info.emplace();
  FIRN_CHECK(reply.info.has_value());
  fields(io, *reply.info, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, MissingPaths>& reply, Protocol /*protocol*/) {
  io.paths(reply.will_build);
  io.paths(reply.will_substitute);
  io.paths(reply.unknown);
  io.size(reply.download_size);
  io.size(reply.nar_size);
}

template <class Io>
void fields(Io& io, Fields<Io, std::optional<FoundRealisation>>& reply, Protocol protocol) {
  found_realisation(io, reply, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, GcResult>& reply, Protocol /*protocol*/) {
  io.texts(reply.paths, kPathLimit);
  io.size(reply.bytes_freed);
  obsolete(io, 0);
}

// Queries.

template <class Io>
void fields(Io& io, Fields<Io, IsValidPath>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryPathInfo>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryValidPaths>& request, Protocol protocol) {
  io.paths(request.paths);
  if (has(protocol, Since::substitute_valid_paths)) io.boolean(request.substitute);
}

template <class Io>
void fields(Io& /*io*/, Fields<Io, QueryAllValidPaths>& /*request*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& io, Fields<Io, QueryPathFromHashPart>& request, Protocol /*protocol*/) {
  io.text(request.hash_part, kNameLimit);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryReferrers>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryValidDerivers>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryDerivationOutputMap>& request, Protocol /*protocol*/) {
  io.path(request.drv);
}

template <class Io>
void fields(Io& io, Fields<Io, QuerySubstitutablePaths>& request, Protocol /*protocol*/) {
  io.paths(request.paths);
}

template <class Io>
void fields(Io& io, Fields<Io, QuerySubstitutablePathInfo>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& io, Fields<Io, QuerySubstitutablePathInfos>& request, Protocol protocol) {
  const bool with_content = has(protocol, Since::substitutables_by_content);
  io.map(request.paths, [&](auto& path, auto& ca) {
    io.path(path);
    if (with_content) io.text(ca, kContentAddressLimit);
  });
}

template <class Io>
void fields(Io& io, Fields<Io, QueryMissing>& request, Protocol protocol) {
  derived_paths(io, request.targets, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, QueryRealisation>& request, Protocol protocol) {
  output_id(io, request.output, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, NarFromPath>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

// Builds.

/// Output of builds is shown where a number is 0; not shown is written as Nix does.
void verbose_build(Encoder& io, bool value);
void verbose_build(Decoder& io, bool& value);

void verbosity(Encoder& io, Verbosity value);
void verbosity(Decoder& io, Verbosity& value);

template <class Io>
void fields(Io& io, Fields<Io, SetOptions>& request, Protocol /*protocol*/) {
  io.boolean(request.keep_failed);
  io.boolean(request.keep_going);
  io.boolean(request.try_fallback);
  verbosity(io, request.verbosity);
  io.u32(request.max_build_jobs);
  io.seconds(request.max_silent_time);
  obsolete(io, 1);
  verbose_build(io, request.verbose_build);
  obsolete(io, 0);
  obsolete(io, 0);
  io.u32(request.build_cores);
  io.boolean(request.use_substitutes);
  io.map(request.overrides, [&](auto& name, auto& value) {
    io.text(name, kNameLimit);
    io.text(value, kTextLimit);
  });
}

template <class Io>
void fields(Io& io, Fields<Io, BuildPaths>& request, Protocol protocol) {
  derived_paths(io, request.targets, protocol);
  build_mode(io, request.mode);
}

template <class Io>
void fields(Io& io, Fields<Io, BuildPathsWithResults>& request, Protocol protocol) {
  derived_paths(io, request.targets, protocol);
  build_mode(io, request.mode);
}

template <class Io>
void fields(Io& io, Fields<Io, BuildDerivation>& request, Protocol /*protocol*/) {
  io.path(request.drv_path);
  derivation_fields(io, request.derivation);
  build_mode(io, request.mode);
}

template <class Io>
void fields(Io& io, Fields<Io, EnsurePath>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

// Uploads.

template <class Io>
void fields(Io& io, Fields<Io, AddToStoreNar>& request, Protocol protocol) {
  fields(io, request.info, protocol);
  io.boolean(request.repair);
  io.boolean(request.dont_check_signatures);
}

template <class Io>
void fields(Io& io, Fields<Io, AddMultipleToStore>& request, Protocol /*protocol*/) {
  io.boolean(request.repair);
  io.boolean(request.dont_check_signatures);
}

template <class Io>
void fields(Io& io, Fields<Io, AddToStore>& request, Protocol protocol) {
  io.text(request.name, kNameLimit);
  if (!has(protocol, Since::add_to_store_by_method)) return old_method(io, request.method);
  io.text(request.method, kContentAddressLimit);
  io.paths(request.references);
  io.boolean(request.repair);
}

template <class Io>
void fields(Io& io, Fields<Io, AddTextToStore>& request, Protocol /*protocol*/) {
  io.text(request.name, kNameLimit);
  io.text(request.contents, kTextLimit);
  io.paths(request.references);
}

template <class Io>
void fields(Io& io, Fields<Io, AddSignatures>& request, Protocol /*protocol*/) {
  io.path(request.path);
  io.texts(request.signatures, kSignatureLimit);
}

template <class Io>
void fields(Io& io, Fields<Io, RegisterDrvOutput>& request, Protocol protocol) {
  realisation(io, request.realisation, protocol);
}

template <class Io>
void fields(Io& io, Fields<Io, AddBuildLog>& request, Protocol /*protocol*/) {
  base_name(io, request.drv);
}

// Upkeep.

template <class Io>
void fields(Io& io, Fields<Io, AddTempRoot>& request, Protocol /*protocol*/) {
  io.path(request.path);
}

template <class Io>
void fields(Io& io, Fields<Io, AddIndirectRoot>& request, Protocol /*protocol*/) {
  io.text(request.link, kPathLimit);
}

template <class Io>
void fields(Io& io, Fields<Io, AddPermRoot>& request, Protocol /*protocol*/) {
  io.path(request.path);
  io.text(request.link, kPathLimit);
}

template <class Io>
void fields(Io& /*io*/, Fields<Io, SyncWithGc>& /*request*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& /*io*/, Fields<Io, FindRoots>& /*request*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& io, Fields<Io, CollectGarbage>& request, Protocol protocol) {
  gc_action(io, request.action);
  gc_paths(io, request, protocol);
  io.boolean(request.ignore_liveness);
  io.size(request.max_freed);
  obsolete(io, 0);
  obsolete(io, 0);
  obsolete(io, 0);
}

template <class Io>
void fields(Io& /*io*/, Fields<Io, OptimiseStore>& /*request*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& io, Fields<Io, VerifyStore>& request, Protocol /*protocol*/) {
  io.boolean(request.check_contents);
  io.boolean(request.repair);
}

}  // namespace firn::wire::worker
