// SPDX-License-Identifier: Apache-2.0
// A builder's verdict on one derivation, as the serve and worker protocols carry it.
#pragma once

#include "base/hash.h"
#include "base/units.h"
#include "nix/realisation.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace firn::nix {

/// Numbers as on the wire; Nix never renumbers them. A number that we do not know stays itself: see
/// `is_known`.
enum class BuildStatus : std::uint8_t {
  built = 0,
  substituted = 1,
  already_valid = 2,
  permanent_failure = 3,
  input_rejected = 4,
  output_rejected = 5,
  transient_failure = 6,
  cached_failure = 7,
  timed_out = 8,
  misc_failure = 9,
  dependency_failed = 10,
  log_limit_exceeded = 11,
  not_deterministic = 12,
  resolves_to_already_valid = 13,
  no_substituters = 14,
};

bool is_known(BuildStatus status);
/// 0, 1, 2 and 13.
bool is_success(BuildStatus status);
/// Nix's own name, such as "PermanentFailure"; "status 77" for one that is unknown.
std::string to_string(BuildStatus status);
/// By Nix's own name. "HashMismatch", which JSON knows and no protocol does, is output_rejected, as
/// Nix sends it.
std::optional<BuildStatus> find_build_status(std::string_view name);

/// The builder's answer. Both protocols send every field for every status; what does not belong to
/// it is empty. A field that an agreed version lacks is empty, too.
struct BuildResult {
  BuildStatus status = BuildStatus::misc_failure;
  /// As sent, terminal escapes included; `strip_ansi` before showing it. Failures only.
  std::string error_message;
  /// 0 where an output was valid before, or where the builder was never started.
  std::uint32_t times_built = 0;
  /// Failures only: the outputs of two rounds differed.
  bool is_non_deterministic = false;
  /// By the builder's clock; 0 = unknown (Nix 2.34 and newer never say). A result that was killed
  /// by a limit has a start and no stop.
  WallTime start_time;
  WallTime stop_time;
  /// What the builder's processes used, where the builder measures it (cgroups). Worker 1.37.
  std::optional<std::chrono::microseconds> cpu_user;
  std::optional<std::chrono::microseconds> cpu_system;
  /// By output name. Successes only, from serve 2.6 and worker 1.28 on.
  std::map<std::string, UnkeyedRealisation> built_outputs;
  /// The hash of the derivation as it was sent, which Nix 2.4 to 2.34 name the outputs with. No use
  /// but to write what was read.
  std::optional<Hash> hash_modulo;

  friend bool operator==(const BuildResult&, const BuildResult&) = default;
};

/// Removes "ESC [ … letter" sequences.
std::string strip_ansi(std::string_view text);

}  // namespace firn::nix
