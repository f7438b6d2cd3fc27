// SPDX-License-Identifier: Apache-2.0
// What the operations of the worker protocol speak of, apart from what `nix` knows.
#pragma once

#include "base/hash.h"
#include "base/units.h"
#include "nix/build_result.h"
#include "nix/derived_path.h"
#include "nix/path_info.h"
#include "nix/realisation.h"
#include "nix/store_path.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace firn::wire::worker {

/// No bytes: that the work is finished says it all.
struct NoReply {
  friend bool operator==(const NoReply&, const NoReply&) = default;
};

/// What a daemon says of a valid path: all but the path, which was in the question.
struct UnkeyedPathInfo {
  std::optional<nix::StorePath> deriver;
  nix::StorePathSet references;
  /// Always there in what a daemon sends.
  std::optional<Hash> nar_hash;
  ByteCount nar_size;
  /// Empty = none. From 1.16 on; so are signatures and `ultimate`.
  std::string ca;
  std::vector<std::string> signatures;
  WallTime registration_time;
  /// Built by the store that says so.
  bool ultimate = false;

  friend bool operator==(const UnkeyedPathInfo&, const UnkeyedPathInfo&) = default;
};

nix::PathInfo with_path(UnkeyedPathInfo info, nix::StorePath path);

enum class BuildMode : std::uint8_t {
  normal = 0,
  /// Builds again what is damaged. Needs trust.
  repair = 1,
  /// Builds again what is valid, and compares.
  check = 2,
};

/// A target and how it went.
struct KeyedBuildResult {
  nix::DerivedPath target;
  nix::BuildResult result;

  friend bool operator==(const KeyedBuildResult&, const KeyedBuildResult&) = default;
};

/// What would have to be done to make targets valid.
struct MissingPaths {
  /// Derivations.
  nix::StorePathSet will_build;
  nix::StorePathSet will_substitute;
  /// Neither valid, nor to be had from a substituter, nor built by a derivation that is known.
  nix::StorePathSet unknown;
  /// Of `will_substitute`, compressed and unpacked.
  ByteCount download_size;
  ByteCount nar_size;

  friend bool operator==(const MissingPaths&, const MissingPaths&) = default;
};

/// What a substituter says about a path.
struct SubstitutablePath {
  std::optional<nix::StorePath> deriver;
  nix::StorePathSet references;
  /// Compressed; 0 = unknown.
  ByteCount download_size;
  /// 0 = unknown.
  ByteCount nar_size;

  friend bool operator==(const SubstitutablePath&, const SubstitutablePath&) = default;
};

/// A link that keeps `target` and what it refers to.
struct Root {
  nix::StorePath target;
  /// Absolute; "{censored}" where the client is not trusted.
  std::string link;

  friend bool operator==(const Root&, const Root&) = default;
};

enum class GcAction : std::uint8_t {
  return_live = 0,
  return_dead = 1,
  delete_dead = 2,
  delete_specific = 3,
};

struct GcResult {
  /// What is live, dead or deleted: full paths, and other files of the store.
  std::vector<std::string> paths;
  ByteCount bytes_freed;

  friend bool operator==(const GcResult&, const GcResult&) = default;
};

/// The output that an operation on realisations is about. The agreed protocol decides which name it
/// has: by the path of the derivation with realisation_with_path, by its hash modulo without.
using OutputId = std::variant<nix::DrvOutput, nix::HashedDrvOutput>;

/// What becomes known about an output. With realisation_with_path the first, without it the second;
/// below 1.31 only its key and its path travel.
using AnyRealisation = std::variant<nix::Realisation, nix::HashedRealisation>;

/// What is known about an output. From 1.31 on, without realisation_with_path, the second, and
/// otherwise the first; below 1.31 only its path travels.
using FoundRealisation = std::variant<nix::UnkeyedRealisation, nix::HashedRealisation>;

}  // namespace firn::wire::worker
