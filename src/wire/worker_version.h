// SPDX-License-Identifier: Apache-2.0
// Versions of the worker protocol, which a client speaks with nix-daemon, and the one table that
// says what came when. Up to 1.38 new behaviour came with a new number; since then the number
// stays, and each novelty is a feature that both sides must name.
#pragma once

#include "wire/version.h"

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::wire {

/// The number of a version of the worker protocol. The major one has always been 1, so only the
/// minor one is kept. Compares with its own kind, and knows no arithmetic.
class WorkerVersion {
 public:
  constexpr explicit WorkerVersion(std::uint8_t minor) : minor_(minor) {}

  /// As on the wire: 0x126 for 1.38.
  constexpr std::uint32_t number() const { return 0x100U | minor_; }

  /// Such as "1.38".
  std::string str() const;

  friend constexpr auto operator<=>(WorkerVersion, WorkerVersion) = default;

 private:
  std::uint8_t minor_;
};

/// What we announce, and what every Nix since 2.24 announces.
inline constexpr WorkerVersion kNewestWorker{38};
/// The oldest daemon that we work with: Nix 2.1.
inline constexpr WorkerVersion kOldestWorker{21};

/// Takes the number that a peer announced. Throws Error{protocol} where its major is not 1.
WorkerVersion parse_worker_version(std::uint32_t number);

/// What both sides speak from now on: the lower one.
constexpr WorkerVersion agree(WorkerVersion ours, WorkerVersion theirs) {
  return ours < theirs ? ours : theirs;
}

namespace worker {

/// What may be agreed upon beyond the number. All came with Nix 2.35.
enum class Feature : std::uint8_t {
  /// "realisation-with-path-not-hash": realisations are binary, and named by the path of the
  /// derivation instead of its hash modulo.
  realisation_with_path,
  /// "delete-dead-specific-referrers": CollectGarbage may be told which paths, and whether to take
  /// what refers to them, too.
  delete_dead_referrers,
  /// "disable-set-options": SetOptions must not be asked. Within builds only.
  disable_set_options,
  /// "add-to-store-scanning", "submit-output": operations that only exist within builds, and that
  /// we
  /// don't speak.
  add_to_store_scanning,
  submit_output,
};

/// As on the wire.
std::string_view to_string(Feature feature);

/// Some of the features that we know the names of.
class FeatureSet {
 public:
  constexpr FeatureSet() = default;

  constexpr FeatureSet(std::initializer_list<Feature> features) {
    for (const Feature feature : features)
      bits_ |= bit(feature);
  }

  constexpr bool contains(Feature feature) const { return (bits_ & bit(feature)) != 0; }

  /// What both sides offer.
  friend constexpr FeatureSet agree(FeatureSet ours, FeatureSet theirs) {
    FeatureSet both;
    both.bits_ = ours.bits_ & theirs.bits_;
    return both;
  }

  /// The names, sorted, as they are sent.
  std::vector<std::string> names() const;
  /// Names that we don't know are left out: they could not be agreed upon anyway.
  static FeatureSet from_names(const std::vector<std::string>& names);

  friend constexpr bool operator==(FeatureSet, FeatureSet) = default;

 private:
  static constexpr unsigned bit(Feature feature) { return 1U << static_cast<unsigned>(feature); }

  unsigned bits_ = 0;
};

/// What we offer. `realisation_with_path` always: a daemon that knows it answers operations on
/// realisations without it by an error, unread arguments left behind.
inline constexpr FeatureSet kOurFeatures{
    Feature::realisation_with_path, Feature::delete_dead_referrers, Feature::disable_set_options};

/// The table: the minor version from which on an operation or a field exists. Nothing else in firn
/// compares minors.
enum class Since : std::uint8_t {
  the_start = 0,
  /// ultimate, signatures and ca of a path info.
  ultimate = 16,
  query_missing = 19,
  /// QuerySubstitutablePathInfos takes a content address with each path.
  substitutables_by_content = 22,
  query_derivation_output_map = 22,
  /// AddToStoreNar sends the NAR in frames; before, the daemon asks for it piece by piece.
  framed_nar = 23,
  /// AddToStore names its method in one text, takes references, and is answered with a path info.
  add_to_store_by_method = 25,
  /// Errors have a level and traces instead of an exit status.
  structured_errors = 26,
  /// QueryValidPaths may substitute.
  substitute_valid_paths = 27,
  /// RegisterDrvOutput and QueryRealisation.
  realisations = 27,
  built_outputs = 28,
  /// timesBuilt, isNonDeterministic, startTime and stopTime of a result.
  build_times = 29,
  /// A derivation without outputs means the .drv file; before, all of its outputs.
  derivation_as_path = 30,
  /// Realisations are JSON; before, only their path is spoken of.
  json_realisations = 31,
  add_multiple_to_store = 32,
  /// Daemons of Nix 2.4 and 2.5 announce 1.32 without knowing it.
  add_build_log = 32,
  /// In the greeting.
  nix_version = 33,
  build_paths_with_results = 34,
  /// In the greeting.
  trust = 35,
  add_perm_root = 36,
  /// cpuUser and cpuSystem of a result.
  cpu_times = 37,
  /// In the greeting.
  features = 38,
};

/// What two sides have agreed on, and every field depends on. Features are agreed from 1.38 on
/// only.
struct Protocol {
  WorkerVersion version = kOldestWorker;
  FeatureSet features;

  /// Such as "1.38 with realisation-with-path-not-hash".
  std::string str() const;

  friend bool operator==(const Protocol&, const Protocol&) = default;
};

/// Whether what `since` names exists at `protocol`.
constexpr bool has(Protocol protocol, Since since) {
  return protocol.version >= WorkerVersion(static_cast<std::uint8_t>(since));
}

constexpr bool has(Protocol protocol, Feature feature) {
  return protocol.features.contains(feature);
}

}  // namespace worker

template <>
struct VersionOfTable<worker::Since> {
  using Version = worker::Protocol;
};

}  // namespace firn::wire
