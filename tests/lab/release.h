// SPDX-License-Identifier: Apache-2.0
// Nix as it was in other years: Debian's releases carry different ones. Each is a folder with a
// small Debian in it (200 MB), made when it is first asked for and kept in a cache outside the
// repository.
#pragma once

#include <array>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>

namespace firn::lab {

/// A release of Debian, and the Nix that it had when this was written.
struct Release {
  std::string_view suite;
  std::string_view nix;

  friend bool operator==(const Release&, const Release&) = default;
};

/// For messages of tests.
inline void PrintTo(const Release& release, std::ostream* out) {
  *out << "Nix " << release.nix << " of " << release.suite;
}

/// Oldest first. They announce versions 2.5, 2.7, 2.7 and 2.7 of the serve protocol.
inline constexpr std::array kReleases{
    Release{.suite = "bullseye", .nix = "2.3.7"},
    Release{.suite = "bookworm", .nix = "2.8.0"},
    Release{.suite = "trixie", .nix = "2.26.3"},
    Release{.suite = "forky", .nix = "2.34.8"},
};

/// $FIRN_LAB_ROOTS, or /var/cache/firn/roots.
std::filesystem::path roots_cache();

/// The root folder of that release; empty where this machine is that release itself. Makes it where
/// the cache has none: half a minute, from the mirror that this machine's apt uses. Two that want
/// the same one at the same time make it once. Throws Error{unavailable} with the reason where it
/// cannot be had. Needs root.
std::filesystem::path root_of(const Release& release);

/// Why a test of that release skips itself; empty where it can run. Where CI is set none may skip:
/// throws instead.
std::string reason_to_skip(const Release& release);

/// Whether `root_of` would have to make it.
bool is_to_be_made(const Release& release);

}  // namespace firn::lab
