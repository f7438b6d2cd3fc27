// SPDX-License-Identifier: Apache-2.0
// The .narinfo files of a binary cache: what it knows of a path, and where its NAR is.
#pragma once

#include "nix/path_info.h"
#include "nix/path_info_json.h"

#include <optional>
#include <string>
#include <string_view>

namespace firn::nix {

/// A path as a binary cache offers it. A cache keeps neither registration time nor `ultimate`.
struct NarInfo {
  /// Hash and size are there, the size is not 0.
  PathInfo info;
  /// Of the file with the NAR; relative to the cache's root, or absolute.
  std::string url;
  /// "none", "xz", "zstd", … of that file.
  std::string compression;
  /// Of that file, where known.
  std::optional<Hash> file_hash;
  /// Of that file; 0 = unknown.
  ByteCount file_size;

  friend bool operator==(const NarInfo&, const NarInfo&) = default;
};

/// Reads as Nix does: lines in any order, unknown keys ignored, of two equal keys the later one
/// counts but for references and content address, of which there may be one. After a colon two
/// characters are skipped, whatever they are. References and signatures come out sorted. Throws
/// Error{invalid} with line and offset.
NarInfo parse_narinfo(std::string_view text);

/// The bytes that Nix writes for it.
std::string to_text(const NarInfo& narinfo);

/// As path infos have it; `PathInfoPart::all` has the facts about the file, too.
Json to_json(const NarInfo& narinfo, PathInfoFormat format, PathInfoPart part);
NarInfo narinfo_from(const JsonPlace& place, StorePath path);

}  // namespace firn::nix
