// SPDX-License-Identifier: Apache-2.0
// What is known about a descriptor that will be written to: its size, NO_COLOR, TERM, the locale.
#pragma once

#include "view/screen.h"
#include "view/style.h"
#include "view/view.h"

#include <string>

namespace firn::view {

/// 24 x 80 where the descriptor is no terminal or does not know.
ScreenSize screen_size(int fd);

/// What chooses the view and its style.
struct TerminalFacts {
  bool is_terminal = false;
  /// The environment's TERM.
  std::string term = {};
  /// NO_COLOR is set and not empty.
  bool no_color = false;
  /// The first of LC_ALL, LC_CTYPE and LANG that is not empty.
  std::string locale = {};
};

/// Reads the environment.
TerminalFacts facts_of(int fd);

/// `live` on a terminal that can move its cursor, `plain` elsewhere.
ViewKind default_view(const TerminalFacts& facts);
Style style_for(const TerminalFacts& facts);

}  // namespace firn::view
