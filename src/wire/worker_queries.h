// SPDX-License-Identifier: Apache-2.0
// What a client asks of a daemon without changing anything.
#pragma once

#include "nix/store_path.h"
#include "wire/request.h"
#include "wire/serve_commands.h"
#include "wire/worker_operations.h"
#include "wire/worker_types.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firn::wire::worker {

struct IsValidPath {
  using Reply = bool;
  static constexpr Operation kOperation = Operation::is_valid_path;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const IsValidPath&, const IsValidPath&) = default;
};

/// What is known of a path; nothing where it is not valid.
struct QueryPathInfo {
  using Reply = std::optional<UnkeyedPathInfo>;
  static constexpr Operation kOperation = Operation::query_path_info;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const QueryPathInfo&, const QueryPathInfo&) = default;
};

/// Which of `paths` are valid.
struct QueryValidPaths {
  using Reply = nix::StorePathSet;
  static constexpr Operation kOperation = Operation::query_valid_paths;
  static constexpr Since kSince = Since::the_start;

  nix::StorePathSet paths;
  /// Substitutes what is missing first. From 1.27 on.
  bool substitute = false;

  friend bool operator==(const QueryValidPaths&, const QueryValidPaths&) = default;
};

struct QueryAllValidPaths {
  using Reply = nix::StorePathSet;
  static constexpr Operation kOperation = Operation::query_all_valid_paths;
  static constexpr Since kSince = Since::the_start;

  friend bool operator==(const QueryAllValidPaths&, const QueryAllValidPaths&) = default;
};

/// The valid path that has this hash part (32 characters).
struct QueryPathFromHashPart {
  using Reply = std::optional<nix::StorePath>;
  static constexpr Operation kOperation = Operation::query_path_from_hash_part;
  static constexpr Since kSince = Since::the_start;

  std::string hash_part;

  friend bool operator==(const QueryPathFromHashPart&, const QueryPathFromHashPart&) = default;
};

/// The valid paths that refer to `path`.
struct QueryReferrers {
  using Reply = nix::StorePathSet;
  static constexpr Operation kOperation = Operation::query_referrers;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const QueryReferrers&, const QueryReferrers&) = default;
};

/// The valid derivations that have `path` as an output.
struct QueryValidDerivers {
  using Reply = nix::StorePathSet;
  static constexpr Operation kOperation = Operation::query_valid_derivers;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const QueryValidDerivers&, const QueryValidDerivers&) = default;
};

/// The outputs of a valid derivation: their paths, as far as they are known.
struct QueryDerivationOutputMap {
  using Reply = std::map<std::string, std::optional<nix::StorePath>>;
  static constexpr Operation kOperation = Operation::query_derivation_output_map;
  static constexpr Since kSince = Since::query_derivation_output_map;

  nix::StorePath drv;

  friend bool operator==(const QueryDerivationOutputMap&,
                         const QueryDerivationOutputMap&) = default;
};

/// Which of `paths` substituters have.
struct QuerySubstitutablePaths {
  using Reply = nix::StorePathSet;
  static constexpr Operation kOperation = Operation::query_substitutable_paths;
  static constexpr Since kSince = Since::the_start;

  nix::StorePathSet paths;

  friend bool operator==(const QuerySubstitutablePaths&, const QuerySubstitutablePaths&) = default;
};

/// Superseded by QuerySubstitutablePathInfos.
struct QuerySubstitutablePathInfo {
  using Reply = std::optional<SubstitutablePath>;
  static constexpr Operation kOperation = Operation::query_substitutable_path_info;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const QuerySubstitutablePathInfo&,
                         const QuerySubstitutablePathInfo&) = default;
};

/// What substituters say of each path that they have.
struct QuerySubstitutablePathInfos {
  using Reply = std::map<nix::StorePath, SubstitutablePath>;
  static constexpr Operation kOperation = Operation::query_substitutable_path_infos;
  static constexpr Since kSince = Since::the_start;

  /// By path, its content address, or nothing: a path of fixed content may be had under another
  /// name. Below 1.22 only the paths travel.
  std::map<nix::StorePath, std::string> paths;

  friend bool operator==(const QuerySubstitutablePathInfos&,
                         const QuerySubstitutablePathInfos&) = default;
};

/// What BuildPaths would do. To ask for all outputs of a derivation, name them "*": from 1.30 on a
/// bare derivation is just a path.
struct QueryMissing {
  using Reply = MissingPaths;
  static constexpr Operation kOperation = Operation::query_missing;
  static constexpr Since kSince = Since::query_missing;

  std::vector<nix::DerivedPath> targets;

  friend bool operator==(const QueryMissing&, const QueryMissing&) = default;
};

/// Which path an output became. Nix 2.4 to 2.8 crash where their store has content-addressed
/// derivations switched off.
struct QueryRealisation {
  using Reply = std::optional<FoundRealisation>;
  static constexpr Operation kOperation = Operation::query_realisation;
  static constexpr Since kSince = Since::realisations;

  OutputId output;

  friend bool operator==(const QueryRealisation&, const QueryRealisation&) = default;
};

/// The NAR of a valid path follows the messages. Where it can't be read to its end, the connection
/// ends.
struct NarFromPath {
  using Reply = NarFollows;
  static constexpr Operation kOperation = Operation::nar_from_path;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const NarFromPath&, const NarFromPath&) = default;
};

}  // namespace firn::wire::worker
