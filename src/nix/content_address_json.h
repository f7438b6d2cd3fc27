// SPDX-License-Identifier: Apache-2.0
// Content addresses as JSON: {"hash":"sha256-…","method":"nar"}.
#pragma once

#include "nix/content_address.h"
#include "nix/json.h"

namespace firn::nix {

Json to_json(const ContentAddress& address);
/// Throws Error{invalid}.
ContentAddress content_address_from(const JsonPlace& place);

}  // namespace firn::nix
