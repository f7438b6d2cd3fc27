// SPDX-License-Identifier: Apache-2.0
// Drawings as SVG text. No background, and colours that are legible on white as on black.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::sim {

/// Of text and axes; as far from white as from black.
inline constexpr std::string_view kInk = "#767676";
/// Of what matters most in a drawing.
inline constexpr std::string_view kAccent = "#e15759";
/// Of what is nobody's alone.
inline constexpr std::string_view kEverybody = "#9aa0a6";

/// Of the n-th of several things; they repeat after ten.
std::string_view colour(std::size_t number);

/// In pixels.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

enum class Anchor : unsigned char { start, middle, end };

/// Collects shapes, first to last, from below to above.
class Svg {
 public:
  Svg(double width, double height);

  /// `hover` is shown by browsers; empty = none.
  void rect(const Box& box, std::string_view fill, std::string_view hover = {});
  void frame(const Box& box, std::string_view stroke);
  void line(double x1, double y1, double x2, double y2, std::string_view stroke);
  void dashed(double x1, double y1, double x2, double y2, std::string_view stroke);
  /// `points` is what SVG calls a path's data.
  void area(std::string_view points, std::string_view fill);
  void curve(std::string_view points, std::string_view stroke);
  void text(double x, double y, std::string_view text, Anchor anchor = Anchor::start);
  void heading(double x, double y, std::string_view text);

  /// The whole file.
  std::string finish() &&;

 private:
  std::string out_;
};

}  // namespace firn::sim
