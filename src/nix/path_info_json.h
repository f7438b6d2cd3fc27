// SPDX-License-Identifier: Apache-2.0
// Path infos as the JSON that `nix path-info --json` prints and other tools pass around.
#pragma once

#include "nix/json.h"
#include "nix/path_info.h"

#include <cstdint>

namespace firn::nix {

/// The key "version". Without it, format 1 is meant.
enum class PathInfoFormat : std::uint8_t {
  v1 = 1,  ///< full store paths, content addresses as text; up to 2.31
  v2 = 2,  ///< base names, content addresses as objects
  v3 = 3,  ///< as 2, but signatures are objects; since 2.34
};

enum class PathInfoPart : std::uint8_t {
  pure,  ///< what follows from the contents: hash, size, references, content address
  all,   ///< deriver, registration time, `ultimate` and signatures, too
};

/// Without the path, which is the key where infos stand together.
Json to_json(const PathInfo& info, PathInfoFormat format, PathInfoPart part);
/// Takes every format. Throws Error{invalid}, also for another store's folder.
PathInfo path_info_from(const JsonPlace& place, StorePath path);

/// All of format 3, and the path's base name as "path".
Json keyed_json(const PathInfo& info);
PathInfo keyed_path_info_from(const JsonPlace& place);

}  // namespace firn::nix
