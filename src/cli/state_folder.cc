// SPDX-License-Identifier: Apache-2.0
#include "cli/state_folder.h"

#include <cstdlib>

namespace firn::cli {

std::filesystem::path state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "firn";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr && *home == '/' ? home : "/tmp") /
         ".local/state/firn";
}

}  // namespace firn::cli
