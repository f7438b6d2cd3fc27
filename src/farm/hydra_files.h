// SPDX-License-Identifier: Apache-2.0
// Names of files that Hydra's other programs look for: logs of steps, roots of outputs.
#pragma once

#include "nix/store_path.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace firn::farm {

/// QR-120: where the log of a step's newest attempt stands. `data` is HYDRA_DATA.
std::string log_path(std::string_view data, const nix::DrvPath& drv);

/// What Hydra's page shows instead where it finds no log at `log_path`, whoever put it there: to be
/// removed or moved before a new log begins.
inline constexpr std::array<std::string_view, 2> kCompressedLogEndings = {".bz2", ".zst"};

/// The log of an earlier attempt, from 1; with the ending of what it was moved from. Hydra's page
/// looks for no such name, and its compressor takes only what ends in ".drv".
std::string earlier_log_path(std::string_view data,
                             const nix::DrvPath& drv,
                             std::uint32_t attempt,
                             std::string_view ending = {});

/// QR-170: an empty file of this name is a root for Nix. `folder` is that of QR-171.
std::string root_path(std::string_view folder, const nix::StorePath& path);

}  // namespace firn::farm
