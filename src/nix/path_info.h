// SPDX-License-Identifier: Apache-2.0
// What a store knows about a valid path.
#pragma once

#include "base/hash.h"
#include "base/units.h"
#include "nix/store_path.h"

#include <optional>
#include <string>
#include <vector>

namespace firn::nix {

/// Metadata of one valid path. `ca` and `signatures` are carried as text: they are checked where
/// they matter.
struct PathInfo {
  StorePath path;
  std::optional<StorePath> deriver{};
  /// Includes the path itself where it refers to itself.
  StorePathSet references{};
  /// SHA-256 of the NAR. Absent only from serve < 2.4.
  std::optional<Hash> nar_hash{};
  ByteCount nar_size{};
  /// Content address such as "fixed:r:sha256:…"; empty = none.
  std::string ca{};
  std::vector<std::string> signatures{};
  WallTime registration_time{};
  /// Built by the store that says so.
  bool ultimate = false;

  friend bool operator==(const PathInfo&, const PathInfo&) = default;
};

/// What is signed: path, NAR hash, NAR size and references. Deriver, content address and all that
/// concerns a download are not. Throws Error{invalid} where hash or size is unknown.
std::string fingerprint(const PathInfo& info);

}  // namespace firn::nix
