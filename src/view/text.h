// SPDX-License-Identifier: Apache-2.0
// Text that has to fit: how wide it is on a terminal, what of it may be shown there, and where it
// is cut.
#pragma once

#include "view/style.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firn::view {

/// The cells that `text` takes on a terminal. Takes UTF-8; good enough for what builds print.
std::size_t display_width(std::string_view text);

/// One line that can do a terminal no harm: escape sequences and control characters are left out,
/// a tab is a space, and what is no UTF-8 becomes "?". Of a line that overwrites itself with
/// carriage returns, the last state.
std::string printable(std::string_view line);

/// The first line of `text` that is not empty, printable.
std::string first_line(std::string_view text);

/// At most `width` cells, by leaving out the end.
std::string cut_end(std::string_view text, std::size_t width, const Style& style);

/// At most `width` cells, by leaving out something in the middle: the end of a name is its version.
std::string cut_middle(std::string_view text, std::size_t width, const Style& style);

/// Lines of at most `width` cells, broken at spaces where that is possible; what would be beyond
/// `most` lines is cut off the last one.
std::vector<std::string> wrapped(std::string_view text,
                                 std::size_t width,
                                 std::size_t most,
                                 const Style& style);

/// A line being put together, in colour, that knows how wide it is.
class Line {
 public:
  explicit Line(const Style& style) : style_(style) {}

  Line& put(std::string_view text, Role role = Role::plain);
  /// Spaces up to `column`, counted from 0.
  Line& skip_to(std::size_t column);
  /// `text` so that it ends before `column`.
  Line& put_right(std::size_t column, std::string_view text, Role role = Role::plain);

  std::size_t width() const { return width_; }

  const std::string& text() const { return text_; }

 private:
  Style style_;
  std::string text_;
  std::size_t width_ = 0;
};

}  // namespace firn::view
