// SPDX-License-Identifier: Apache-2.0
#include "wire/quote.h"

#include <fmt/format.h>

namespace firn::wire {

namespace {

constexpr unsigned char kFirstPrintable = 0x20;
constexpr unsigned char kLastPrintable = 0x7e;

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\'' || c == '\\') {
    out += '\\';
    out += c;
  } else if (byte >= kFirstPrintable && byte <= kLastPrintable) {
    out += c;
  } else {
    out += fmt::format("\\x{:02x}", byte);
  }
}

}  // namespace

std::string in_quotes(std::string_view text, std::size_t limit) {
  std::string out = "'";
  for (const char c : text.substr(0, limit))
    append_escaped(out, c);
  out += "'";
  if (text.size() > limit) out += fmt::format(" and {} more bytes", text.size() - limit);
  return out;
}

}  // namespace firn::wire
