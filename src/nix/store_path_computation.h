// SPDX-License-Identifier: Apache-2.0
// How store paths follow from what they name: contents and references, or the derivation that makes
// them. Nothing here has changed since Nix 0.12.
#pragma once

#include "base/hash.h"
#include "nix/content_address.h"
#include "nix/store_path.h"

#include <string>
#include <string_view>

namespace firn::nix {

/// What a store object refers to.
struct References {
  StorePathSet others;
  /// To itself. Its hash was then taken with its own hash part replaced by zero bytes.
  bool self = false;
};

/// `digest` folded to 20 bytes, byte i onto byte i mod 20. Its text is what names are made of.
std::string fold_digest(Bytes digest);

/// Of a text file: builtins.toFile, a .drv file. `contents` is a SHA-256. Throws Error{invalid}
/// where it is none, or where `name` is no store path name; so do all of these.
StorePath text_path(std::string_view name, const Hash& contents, const StorePathSet& references);

/// Of anything with a content address. Only text and the NAR with SHA-256 may have references, text
/// not to itself; text needs SHA-256, git SHA-1 or SHA-256.
StorePath content_addressed_path(std::string_view name,
                                 const ContentAddress& address,
                                 const References& references = {});

/// Of an output whose derivation has the masked hash `derivation_hash` (output_paths.h).
StorePath input_addressed_path(std::string_view derivation_name,
                               std::string_view output,
                               const Hash& derivation_hash);

/// "hello" for the output "out" of hello, "hello-dev" for its output "dev".
std::string output_path_name(std::string_view derivation_name, std::string_view output);

}  // namespace firn::nix
