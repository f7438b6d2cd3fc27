// SPDX-License-Identifier: Apache-2.0
#include "view/columns.h"

#include <algorithm>

namespace firn::view {

namespace {

/// Wider lines are hard to follow from one end to the other.
constexpr std::size_t kWidest = 96;
/// "waiting for a transfer slot", or "receiving outputs" and "123 MB/s".
constexpr std::size_t kActivity = 28;
constexpr std::size_t kTime = 7;
constexpr std::size_t kGap = 2;
constexpr std::size_t kIndent = 2;

/// All of it, if half of the line remains for the names; else a part; else none.
std::size_t activity_width(std::size_t width) {
  if (width >= 70) return kActivity;
  if (width < 30) return 0;
  return std::clamp<std::size_t>(width / 3, 8, 17);
}

}  // namespace

Columns columns_for(std::size_t terminal_width) {
  const std::size_t width = std::min(std::max<std::size_t>(terminal_width, 1) - 1, kWidest);
  const std::size_t time = std::min(kTime, width / 3);
  const std::size_t activity = activity_width(width);
  Columns columns{.name = std::min(kIndent, width), .end = width};
  columns.activity_end = width - time;
  columns.activity = columns.activity_end - activity;
  const std::size_t gap = activity > 0 ? kGap : 0;
  columns.name_end = std::max(columns.name, columns.activity - std::min(columns.activity, gap));
  return columns;
}

}  // namespace firn::view
