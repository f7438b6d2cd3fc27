// SPDX-License-Identifier: Apache-2.0
#include "sim/svg.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace firn::sim {

namespace {

// Ten tones of middle lightness; none is near the accent.
constexpr std::array<std::string_view, 10> kColours{"#4e79a7",
                                                    "#59a14f",
                                                    "#c8a02c",
                                                    "#8f6bb1",
                                                    "#2fa3a0",
                                                    "#9d7660",
                                                    "#7f9a2e",
                                                    "#d37fae",
                                                    "#5b8def",
                                                    "#e08a3c"};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string_view word(Anchor anchor) {
  constexpr std::array<std::string_view, 3> kWords{"start", "middle", "end"};
  return kWords.at(static_cast<std::size_t>(anchor));
}

}  // namespace

std::string_view colour(std::size_t number) {
  return kColours.at(number % kColours.size());
}

Svg::Svg(double width, double height)
    : out_(fmt::format(
          R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" font-family="system-ui, sans-serif" font-size="12">
)",
          width,
          height)) {}

void Svg::rect(const Box& box, std::string_view fill, std::string_view hover) {
  out_ += fmt::format(R"(<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" fill="{}")",
                      box.x,
                      box.y,
                      box.width,
                      box.height,
                      fill);
  out_ += hover.empty() ? std::string("/>\n")
                        : fmt::format("><title>{}</title></rect>\n", escaped(hover));
}

void Svg::frame(const Box& box, std::string_view stroke) {
  out_ += fmt::format(
      R"(<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" fill="none" stroke="{}"/>
)",
      box.x,
      box.y,
      box.width,
      box.height,
      stroke);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view stroke) {
  out_ += fmt::format(R"(<path d="M{:.2f} {:.2f}L{:.2f} {:.2f}" stroke="{}"/>
)",
                      x1,
                      y1,
                      x2,
                      y2,
                      stroke);
}

void Svg::dashed(double x1, double y1, double x2, double y2, std::string_view stroke) {
  out_ += fmt::format(
      R"(<path d="M{:.2f} {:.2f}L{:.2f} {:.2f}" stroke="{}" stroke-width="2" stroke-dasharray="6 4"/>
)",
      x1,
      y1,
      x2,
      y2,
      stroke);
}

void Svg::area(std::string_view points, std::string_view fill) {
  out_ += fmt::format(R"(<path d="{}" fill="{}" shape-rendering="crispEdges"/>
)",
                      points,
                      fill);
}

void Svg::curve(std::string_view points, std::string_view stroke) {
  out_ += fmt::format(
      R"(<path d="{}" fill="none" stroke="{}" stroke-width="1.5" stroke-linejoin="round"/>
)",
      points,
      stroke);
}

void Svg::text(double x, double y, std::string_view text, Anchor anchor) {
  out_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" fill="{}" text-anchor="{}">{}</text>
)",
                      x,
                      y,
                      kInk,
                      word(anchor),
                      escaped(text));
}

void Svg::heading(double x, double y, std::string_view text) {
  out_ += fmt::format(
      R"(<text x="{:.1f}" y="{:.1f}" fill="{}" font-size="15" font-weight="600">{}</text>
)",
      x,
      y,
      kInk,
      escaped(text));
}

std::string Svg::finish() && {
  out_ += "</svg>\n";
  return std::move(out_);
}

}  // namespace firn::sim
