// SPDX-License-Identifier: Apache-2.0
// The keys that sign what machines are sent that do not trust the login there.
#pragma once

#include "nix/signature.h"

#include <string_view>
#include <vector>

namespace firn::cli {

/// `files` are paths with blanks between them, as in Nix's `secret-key-files`; each holds one key,
/// as nix-store --generate-binary-cache-key writes it. Throws Error that names the file.
std::vector<nix::SecretKey> load_signing_keys(std::string_view files);

}  // namespace firn::cli
