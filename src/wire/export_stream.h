// SPDX-License-Identifier: Apache-2.0
// What stands around the NARs of an export stream, as ImportPaths takes it:
//   (item header, NAR, item trailer)…, end
// References come before those that refer to them. No signatures, hashes or sizes: the reader
// computes what it wants to know.
#pragma once

#include "nix/path_info.h"
#include "nix/store_path.h"
#include "wire/codec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::wire {

/// What follows the NAR of an item. A legacy signature is skipped when read, and never written.
struct ExportTrailer {
  nix::StorePath path;
  nix::StorePathSet references;
  std::optional<nix::StorePath> deriver;

  friend bool operator==(const ExportTrailer&, const ExportTrailer&) = default;
};

/// The part of a path info that an export stream carries.
ExportTrailer export_trailer_of(const nix::PathInfo& info);

/// Says that an item follows; its NAR is next.
void append_export_item(std::string& out);
/// Ends the item whose NAR was written last.
void append_export_trailer(std::string& out, const ExportTrailer& trailer);
/// Says that no item follows.
void append_export_end(std::string& out);

/// Whether an item follows. Throws Error{protocol} for anything but 0 and 1.
DecodeResult<bool> decode_export_item(std::string_view bytes, std::uint64_t offset = 0);
DecodeResult<ExportTrailer> decode_export_trailer(std::string_view bytes, std::uint64_t offset = 0);

}  // namespace firn::wire
