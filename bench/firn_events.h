// SPDX-License-Identifier: Apache-2.0
// What firn itself says about a run, line by line on its --json stream.
#pragma once

#include "measured_run.h"

#include <map>
#include <string>
#include <string_view>

namespace firn::bench {

/// Sums over all attempts of a run.
struct FirnEvents {
  /// By the phase's name, such as "sending_inputs".
  std::map<std::string, Seconds> phases;
  /// From the moment when the graph was known to the end of the last step.
  Seconds run{};
  /// Median from the end of one step to the end of the next: the cost of a step once connections
  /// stand.
  Seconds step_to_step{};

  Seconds phase(const std::string& name) const;
};

/// Throws Error{invalid} where the text is not such a stream.
FirnEvents parse_events(std::string_view text);

}  // namespace firn::bench
