// SPDX-License-Identifier: Apache-2.0
// The real screen, and what its surroundings say about it: NO_COLOR, TERM, the locale.
#pragma once

#include "view/screen.h"
#include "view/style.h"
#include "view/view.h"

#include <string>

namespace firn::view {

/// Writes to a descriptor that it does not own. What cannot be written is dropped.
class Terminal : public Screen {
 public:
  explicit Terminal(int fd) : fd_(fd) {}

  /// 24 x 80 where the descriptor is no terminal or does not know.
  ScreenSize size() override;
  void write(std::string_view text) override;

 private:
  int fd_;
};

/// What is known about a descriptor that will be written to.
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
