// SPDX-License-Identifier: Apache-2.0
#include "view/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace firn::view {

namespace {

constexpr char32_t kBroken = 0xfffd;

/// The first and the last character of a range.
using Range = std::pair<char32_t, char32_t>;

/// Combining marks, joiners, variation selectors.
constexpr std::array<Range, 6> kZeroWidth{{{0x300, 0x36f},
                                           {0x200b, 0x200d},
                                           {0x20d0, 0x20ff},
                                           {0xfe00, 0xfe0f},
                                           {0xfe20, 0xfe2f},
                                           {0xfeff, 0xfeff}}};

/// East Asian wide and full width, and the pictures that terminals show as wide.
constexpr std::array<Range, 9> kDoubleWidth{{{0x1100, 0x115f},
                                             {0x2e80, 0x303e},
                                             {0x3041, 0xa4cf},
                                             {0xac00, 0xd7a3},
                                             {0xf900, 0xfaff},
                                             {0xfe30, 0xfe6f},
                                             {0xff00, 0xff60},
                                             {0x1f300, 0x1faff},
                                             {0x20000, 0x3fffd}}};

/// Control characters of both kinds, and those that turn the direction of writing around.
constexpr std::array<Range, 4> kHarmful{
    {{0x00, 0x1f}, {0x7f, 0x9f}, {0x202a, 0x202e}, {0x2066, 0x2069}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t character) {
  return std::ranges::any_of(ranges, [=](const Range& range) {
    return range.first <= character && character <= range.second;
  });
}

/// The number of bytes that a lead byte announces; 0 where it is none.
std::size_t announced(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

struct Character {
  char32_t value = kBroken;
  std::size_t bytes = 1;
};

/// The first character of `text`, which is not empty.
Character decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = announced(lead);
  if (bytes == 0 || bytes > text.size()) return {};
  if (bytes == 1) return {.value = lead, .bytes = 1};
  char32_t value = lead & (0x7fU >> bytes);
  for (const char byte : text.substr(1, bytes - 1)) {
    if ((static_cast<unsigned char>(byte) & 0xc0U) != 0x80U) return {};
    value = (value << 6U) | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest.at(bytes) || value > 0x10ffff || is_surrogate) return {};
  return {.value = value, .bytes = bytes};
}

std::size_t width_of(char32_t character) {
  if (character < 0x300) return 1;
  if (is_in(kZeroWidth, character)) return 0;
  return is_in(kDoubleWidth, character) ? 2 : 1;
}

/// Bytes of the escape sequence that `text` begins with (ECMA-48, 5.4 and 5.6).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const char kind = text[1];
  if (kind == '[') {
    const auto last = std::ranges::find_if(text.substr(2), [](char c) { return c >= '@'; });
    return std::min(text.size(), static_cast<std::size_t>(last - text.begin()) + 1);
  }
  if (kind == ']' || kind == 'P' || kind == '^' || kind == '_') {
    const std::size_t end = text.find_first_of("\a\x1b", 2);
    if (end == std::string_view::npos) return text.size();
    return std::min(text.size(), end + (text[end] == '\a' ? 1 : 2));
  }
  return 2;
}

/// The bytes of `text` that fill at most `width` cells.
std::size_t fitting(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const auto character = decode(text.substr(bytes));
    used += width_of(character.value);
    if (used > width) break;
    bytes += character.bytes;
  }
  return bytes;
}

/// The bytes at the end of `text` that fill at most `width` cells.
std::string_view fitting_end(std::string_view text, std::size_t width) {
  while (display_width(text) > width)
    text.remove_prefix(decode(text).bytes);
  return text;
}

std::string ascii_only(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto character = decode(text);
    result += character.value < 0x80 ? text.front() : '?';
    text.remove_prefix(character.bytes);
  }
  return result;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto character = decode(text);
    width += width_of(character.value);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string printable(std::string_view line) {
  while (line.ends_with('\r') || line.ends_with('\n'))
    line.remove_suffix(1);
  if (const auto turn = line.rfind('\r'); turn != std::string_view::npos)
    line.remove_prefix(turn + 1);
  std::string result;
  while (!line.empty()) {
    if (line.front() == '\x1b') {
      line.remove_prefix(escape_length(line));
      continue;
    }
    const auto character = decode(line);
    if (character.value == kBroken) {
      result += '?';
    } else if (line.front() == '\t' || line.front() == '\n') {
      result += ' ';
    } else if (!is_in(kHarmful, character.value)) {
      result += line.substr(0, character.bytes);
    }
    line.remove_prefix(character.bytes);
  }
  return result;
}

std::string first_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line = printable(text.substr(0, end));
    if (line.find_first_not_of(' ') != std::string::npos) return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

std::string cut_end(std::string_view text, std::size_t width, const Style& style) {
  if (display_width(text) <= width) return std::string(text);
  const std::string_view ellipsis = signs_of(style).ellipsis;
  const std::size_t kept = width - std::min(width, display_width(ellipsis));
  if (kept == 0) return std::string(text.substr(0, fitting(text, width)));
  return std::string(text.substr(0, fitting(text, kept))).append(ellipsis);
}

std::string cut_middle(std::string_view text, std::size_t width, const Style& style) {
  const std::string_view ellipsis = signs_of(style).ellipsis;
  const std::size_t kept = width - std::min(width, display_width(ellipsis));
  if (display_width(text) <= width || kept < 4) return cut_end(text, width, style);
  const std::size_t end = kept * 2 / 5;
  const std::string_view front = text.substr(0, fitting(text, kept - end));
  return std::string(front).append(ellipsis).append(fitting_end(text, end));
}

std::vector<std::string> wrapped(std::string_view text,
                                 std::size_t width,
                                 std::size_t most,
                                 const Style& style) {
  std::vector<std::string> lines;
  while (lines.size() + 1 < most && display_width(text) > width) {
    const std::size_t room = fitting(text, width);
    const std::size_t space = text.substr(0, room + 1).rfind(' ');
    const bool has_space = space != std::string_view::npos && space > 0;
    if (room == 0) break;
    lines.emplace_back(text.substr(0, has_space ? space : room));
    text.remove_prefix(has_space ? space + 1 : room);
  }
  lines.push_back(cut_end(text, width, style));
  return lines;
}

Line& Line::put(std::string_view text, Role role) {
  const std::string shown = style_.unicode ? std::string(text) : ascii_only(text);
  text_ += paint(style_, role, shown);
  width_ += display_width(shown);
  return *this;
}

Line& Line::skip_to(std::size_t column) {
  if (column > width_) {
    text_.append(column - width_, ' ');
    width_ = column;
  }
  return *this;
}

Line& Line::put_right(std::size_t column, std::string_view text, Role role) {
  const std::size_t width = display_width(text);
  return skip_to(column - std::min(column, width)).put(text, role);
}

}  // namespace firn::view
