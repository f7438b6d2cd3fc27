// SPDX-License-Identifier: Apache-2.0
// Words as one identifier, for JSON and metrics.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace firn {

/// "sending inputs" → "sending_inputs".
inline std::string identifier(std::string_view words) {
  std::string text(words);
  std::ranges::replace(text, ' ', '_');
  return text;
}

}  // namespace firn
