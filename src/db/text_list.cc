// SPDX-License-Identifier: Apache-2.0
#include "db/text_list.h"

#include <iterator>

#include <fmt/format.h>

namespace firn::db {

namespace {

void append_quoted(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace

std::string text_list(std::span<const std::string> texts) {
  std::string json = "[";
  for (const auto& text : texts) {
    if (json.size() > 1) json += ',';
    append_quoted(json, text);
  }
  return json += ']';
}

std::string_view texts_in_parameter(Engine engine) {
  return engine == Engine::postgresql ? "(select json_array_elements_text(cast($1 as json)))"
                                      : "(select value from json_each($1))";
}

}  // namespace firn::db
