// SPDX-License-Identifier: Apache-2.0
#include "nix/aterm.h"

#include "base/encoding.h"
#include "base/error.h"

#include <array>

#include <fmt/format.h>

namespace firn::nix {

namespace {

/// The letter after the backslash, by the byte that it stands for; 0 = needs no escape.
constexpr std::array<char, 256> escape_letters() {
  std::array<char, 256> letters{};
  letters['"'] = '"';
  letters['\\'] = '\\';
  letters['\n'] = 'n';
  letters['\r'] = 'r';
  letters['\t'] = 't';
  return letters;
}

constexpr std::array<char, 256> kEscapeLetters = escape_letters();

char escaped_byte(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

}  // namespace

bool AtermReader::accept(std::string_view literal) {
  if (!text_.substr(offset_).starts_with(literal)) return false;
  offset_ += literal.size();
  return true;
}

void AtermReader::expect(std::string_view literal) {
  if (!accept(literal)) fail(in_quotes(literal));
}

std::string_view AtermReader::plain_string() {
  expect("\"");
  const std::size_t end = text_.find('"', offset_);
  if (end == std::string_view::npos) {
    offset_ = text_.size();
    fail("a closing quote");
  }
  const std::string_view content = text_.substr(offset_, end - offset_);
  if (const std::size_t escape = content.find('\\'); escape != std::string_view::npos) {
    offset_ += escape;
    fail("a string without escapes");
  }
  offset_ = end + 1;
  return content;
}

std::string AtermReader::string() {
  expect("\"");
  const std::size_t end = text_.find('"', offset_);
  if (end == std::string_view::npos) {
    offset_ = text_.size();
    fail("a closing quote");
  }
  const std::string_view content = text_.substr(offset_, end - offset_);
  if (content.find('\\') != std::string_view::npos) return unescaped();
  offset_ = end + 1;
  return std::string(content);
}

std::string AtermReader::unescaped() {
  std::string content;
  std::size_t begin = offset_;
  for (std::size_t i = begin; i < text_.size(); ++i) {
    if (text_[i] == '"') {
      content += text_.substr(begin, i - begin);
      offset_ = i + 1;
      return content;
    }
    if (text_[i] != '\\') continue;
    if (i + 1 == text_.size()) break;
    content += text_.substr(begin, i - begin);
    content += escaped_byte(text_[i + 1]);
    ++i;
    begin = i + 1;
  }
  offset_ = text_.size();
  fail("a closing quote");
}

void AtermReader::fail(std::string_view expected) const {
  const std::string found =
      is_at_end() ? "the text ends" : "it reads " + in_quotes(text_.substr(offset_, 24));
  throw Error(
      Kind::invalid,
      fmt::format("derivation: expected {} at offset {}, where {}", expected, offset_, found));
}

void append_aterm_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = kEscapeLetters[static_cast<unsigned char>(text[i])];
    if (letter == 0) continue;
    out += text.substr(begin, i - begin);
    out += '\\';
    out += letter;
    begin = i + 1;
  }
  out += text.substr(begin);
  out += '"';
}

}  // namespace firn::nix
