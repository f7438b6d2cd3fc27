// SPDX-License-Identifier: Apache-2.0
#include "cli/database_address.h"

#include <cstdlib>
#include <optional>
#include <string_view>

namespace firn::cli {

namespace {

std::optional<std::string_view> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

}  // namespace

db::Address database_address(const std::string& option) {
  if (!option.empty()) return db::parse_address(option);
  return db::hydra_address(variable("HYDRA_DATABASE_URL"), variable("HYDRA_DBI"));
}

}  // namespace firn::cli
