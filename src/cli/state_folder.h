// SPDX-License-Identifier: Apache-2.0
// Where firn keeps what it must find again.
#pragma once

#include <filesystem>

namespace firn::cli {

/// $XDG_STATE_HOME/firn, else ~/.local/state/firn.
std::filesystem::path state_folder();

}  // namespace firn::cli
