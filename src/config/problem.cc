// SPDX-License-Identifier: Apache-2.0
#include "config/problem.h"

#include <fmt/format.h>

namespace firn::config {

std::string Problem::str() const {
  return fmt::format("{}:{}: {}{}", file, line, is_fatal ? "" : "warning: ", message);
}

}  // namespace firn::config
