// SPDX-License-Identifier: Apache-2.0
// Versions of the serve protocol, and the one table that says what came when.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace firn::wire {

/// A version of the serve protocol. The major number is 2 in every release of Nix since 1.8, so
/// only the minor one is kept; `parse_serve_version` refuses the others. Compares with its own
/// kind, and knows no arithmetic.
class ServeVersion {
 public:
  constexpr explicit ServeVersion(std::uint8_t minor) : minor_(minor) {}

  /// As on the wire: 0x208 for 2.8.
  constexpr std::uint32_t number() const { return 0x200U | minor_; }

  /// Such as "2.8".
  std::string str() const;

  friend constexpr auto operator<=>(ServeVersion, ServeVersion) = default;

 private:
  std::uint8_t minor_;
};

/// What we announce. Announcing less than 2.6 would desynchronise Nix 2.4 to 2.10, which append
/// built outputs unasked.
inline constexpr ServeVersion kNewestServe{8};
/// The oldest server that we work with: Nix 1.10, the first that knows BuildDerivation.
inline constexpr ServeVersion kOldestServe{1};

/// Takes the number that a peer announced. Throws Error{protocol} where its major is not 2.
ServeVersion parse_serve_version(std::uint32_t number);

/// What both sides speak from now on: the lower one.
constexpr ServeVersion agree(ServeVersion ours, ServeVersion theirs) {
  return ours < theirs ? ours : theirs;
}

/// The table: the minor version from which on a command or a field exists. Nothing else in firn
/// compares minors.
enum class Since : std::uint8_t {
  the_start = 0,
  build_derivation = 1,
  max_log_size = 2,
  /// nrRepeats and enforceDeterminism of the options.
  repeats = 3,
  /// timesBuilt, isNonDeterministic, startTime and stopTime of a result.
  build_times = 3,
  /// narHash, ca and signatures of a path info.
  content_of_path_info = 4,
  /// Before, a server reads maxLogSize into 32 bits.
  wide_max_log_size = 4,
  add_to_store_nar = 5,
  /// As a map of JSON texts.
  built_outputs = 6,
  keep_failed = 7,
  /// As a map of paths and signatures.
  binary_built_outputs = 8,
};

/// What a request's `kSince` says besides: which protocol it belongs to.
template <class Since>
struct VersionOfTable;

template <>
struct VersionOfTable<Since> {
  using Version = ServeVersion;
};

/// Whether what `since` names exists at `version`.
constexpr bool has(ServeVersion version, Since since) {
  return version >= ServeVersion(static_cast<std::uint8_t>(since));
}

}  // namespace firn::wire
