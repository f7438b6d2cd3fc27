// SPDX-License-Identifier: Apache-2.0
#include "farm/hydra_files.h"

#include <fmt/format.h>

namespace firn::farm {

std::string log_path(std::string_view data, const nix::DrvPath& drv) {
  const std::string_view name = drv.path().base_name();
  return fmt::format("{}/build-logs/{}/{}", data, name.substr(0, 2), name.substr(2));
}

std::string earlier_log_path(std::string_view data,
                             const nix::DrvPath& drv,
                             std::uint32_t attempt,
                             std::string_view ending) {
  return fmt::format("{}.attempt-{}{}", log_path(data, drv), attempt, ending);
}

std::string root_path(std::string_view folder, const nix::StorePath& path) {
  return fmt::format("{}/{}", folder, path.base_name());
}

}  // namespace firn::farm
