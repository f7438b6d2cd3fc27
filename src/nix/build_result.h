// SPDX-License-Identifier: Apache-2.0
// A builder's verdict on one derivation, as the serve and worker protocols carry it.
#pragma once

#include "base/units.h"
#include "nix/store_path.h"

#include <cstdint>
#include <map>
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

/// The builder's answer. Times are the builder's clock, 0 = unknown (Nix 2.34 and newer never say).
struct BuildResult {
  BuildStatus status = BuildStatus::misc_failure;
  /// As sent, terminal escapes included; `strip_ansi` before showing it.
  std::string error_message;
  std::uint32_t times_built = 0;
  bool is_non_deterministic = false;
  WallTime start_time;
  WallTime stop_time;
  /// Output name → path. Empty below serve 2.6 and on failure.
  std::map<std::string, StorePath> built_outputs;

  friend bool operator==(const BuildResult&, const BuildResult&) = default;
};

/// Removes "ESC [ … letter" sequences.
std::string strip_ansi(std::string_view text);

}  // namespace firn::nix
