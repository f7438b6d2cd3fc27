// SPDX-License-Identifier: Apache-2.0
// What both protocols speak of as JSON, for people who look at messages. Fields are called as Nix
// calls them. What Nix itself prints as JSON looks as it does there, with base names for paths; in
// requests and replies paths are whole, as on the wire. What Nix could not print stays as it came.
#pragma once

#include "nix/build_result.h"
#include "nix/derivation.h"
#include "nix/json.h"
#include "nix/path_info.h"
#include "nix/realisation.h"
#include "wire/serve_commands.h"

#include <optional>
#include <string>

namespace firn::wire {

using nix::Json;

Json shown(const std::string& text);
Json shown(bool value);
Json shown(const nix::StorePath& path);
/// Nothing is null.
Json shown(const std::optional<nix::StorePath>& path);
Json shown(const nix::StorePathSet& paths);
Json shown(const nix::BasicDerivation& derivation);
Json shown(const nix::BuildResult& result);
Json shown(const nix::DrvOutput& output);
Json shown(const nix::HashedDrvOutput& output);
Json shown(const nix::UnkeyedRealisation& realisation);
Json shown(const nix::Realisation& realisation);
Json shown(const nix::HashedRealisation& realisation);
/// With the base name as "path".
Json shown(const nix::PathInfo& info);
Json shown(const Acknowledged& reply);

}  // namespace firn::wire
