// SPDX-License-Identifier: Apache-2.0
// How the width of a terminal is shared out among the columns of the live view.
#pragma once

#include <cstddef>

namespace firn::view {

/// A sign, a name, what is being done (with its rate, where there is room), a time. Positions count
/// from 0; a column ends before its end.
struct Columns {
  std::size_t name = 0;
  std::size_t name_end = 0;
  /// Empty on very narrow terminals.
  std::size_t activity = 0;
  std::size_t activity_end = 0;
  std::size_t end = 0;

  bool has_activity() const { return activity < activity_end; }
};

/// Leaves the last column free: some terminals break the line when it is written to.
Columns columns_for(std::size_t terminal_width);

}  // namespace firn::view
