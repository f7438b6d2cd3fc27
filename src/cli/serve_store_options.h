// SPDX-License-Identifier: Apache-2.0
// The command line of `firn serve-store`, and of firn when it is called nix-store, as values.
#pragma once

#include "cli/exit_code.h"
#include "store/serve_server.h"
#include "store/store_address.h"

#include <string_view>
#include <variant>

namespace firn::cli {

struct ServeStoreOptions {
  store::Access access = store::Access::read;
  /// By default what NIX_REMOTE says.
  store::StoreAddress store;
};

/// `argv[0]` is the command's own name, "serve-store".
std::variant<ServeStoreOptions, Exit> parse_serve_store(int argc, const char* const* argv);

/// Whether a program that was started with this name as `argv[0]` is to be `nix-store`.
bool is_nix_store(std::string_view program);

/// The words after "nix-store" as clients of Nix write them: settings that could only matter to Nix
/// are ignored, every operation but --serve is refused.
std::variant<ServeStoreOptions, Exit> parse_nix_store(int argc, const char* const* argv);

/// What `firn serve-store --help` prints.
std::string_view serve_store_help();

}  // namespace firn::cli
