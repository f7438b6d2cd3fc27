// SPDX-License-Identifier: Apache-2.0
#include "sched/order.h"

#include <algorithm>
#include <array>

namespace firn::sched {

namespace {

constexpr std::array<std::string_view, 3> kNames{"critical-path", "hydra", "rdeps"};

}  // namespace

std::string_view to_string(Order order) {
  return kNames.at(static_cast<std::size_t>(order));
}

std::optional<Order> parse_order(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Order>(found - kNames.begin());
}

}  // namespace firn::sched
