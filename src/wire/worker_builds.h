// SPDX-License-Identifier: Apache-2.0
// What a client has a daemon build, and how.
#pragma once

#include "nix/build_result.h"
#include "nix/derivation.h"
#include "nix/derived_path.h"
#include "wire/request.h"
#include "wire/serve_commands.h"
#include "wire/worker_messages.h"
#include "wire/worker_operations.h"
#include "wire/worker_types.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace firn::wire::worker {

/// How the daemon is to work for this connection. Not needed, and asked at most once, first of all;
/// never where Feature::disable_set_options was agreed.
struct SetOptions {
  using Reply = NoReply;
  static constexpr Operation kOperation = Operation::set_options;
  static constexpr Since kSince = Since::the_start;

  /// Leave the folders of failed builds where they are.
  bool keep_failed = false;
  /// Go on with other targets when one has failed.
  bool keep_going = false;
  /// Build what can't be substituted.
  bool try_fallback = false;
  /// Which messages are wanted.
  Verbosity verbosity = Verbosity::error;
  /// How many builds may run at a time.
  std::uint32_t max_build_jobs = 1;
  /// 0 = no limit.
  std::chrono::seconds max_silent_time{0};
  /// Whether the output of builds is to be sent as lines of the log; it comes as build_log_line in
  /// any case.
  bool verbose_build = false;
  /// 0 = all.
  std::uint32_t build_cores = 0;
  bool use_substitutes = true;
  /// Settings by their names in nix.conf. Without trust only few are heard ("timeout",
  /// "max-silent-time", "connect-timeout", …), and the others are answered with warnings.
  std::map<std::string, std::string> overrides;

  friend bool operator==(const SetOptions&, const SetOptions&) = default;
};

/// Makes every target valid, by substituting or building it. Ends in Failure where one of them
/// can't be.
struct BuildPaths {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::build_paths;
  static constexpr Since kSince = Since::the_start;

  std::vector<nix::DerivedPath> targets;
  BuildMode mode = BuildMode::normal;

  friend bool operator==(const BuildPaths&, const BuildPaths&) = default;
};

/// The same, but says of each target how it went. A failed build is an ordinary reply.
struct BuildPathsWithResults {
  using Reply = std::vector<KeyedBuildResult>;
  static constexpr Operation kOperation = Operation::build_paths_with_results;
  static constexpr Since kSince = Since::build_paths_with_results;

  std::vector<nix::DerivedPath> targets;
  BuildMode mode = BuildMode::normal;

  friend bool operator==(const BuildPathsWithResults&, const BuildPathsWithResults&) = default;
};

/// Builds a derivation that need not exist in the store; its inputs must be valid there. Needs
/// trust, unless its outputs are content-addressed and the daemon is of 1.24 or newer. A failed
/// build is an ordinary reply. Below 1.28 the result holds no outputs: they are those of the
/// derivation that was sent.
struct BuildDerivation {
  using Reply = nix::BuildResult;
  static constexpr Operation kOperation = Operation::build_derivation;
  static constexpr Since kSince = Since::the_start;

  nix::DrvPath drv_path;
  nix::BasicDerivation derivation;
  BuildMode mode = BuildMode::normal;

  friend bool operator==(const BuildDerivation&, const BuildDerivation&) = default;
};

/// Substitutes a path that is not valid; ends in Failure where that can't be.
struct EnsurePath {
  using Reply = Acknowledged;
  static constexpr Operation kOperation = Operation::ensure_path;
  static constexpr Since kSince = Since::the_start;

  nix::StorePath path;

  friend bool operator==(const EnsurePath&, const EnsurePath&) = default;
};

}  // namespace firn::wire::worker
