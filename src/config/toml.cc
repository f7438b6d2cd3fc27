// SPDX-License-Identifier: Apache-2.0
#include "config/toml.h"

#include <algorithm>
#include <toml++/toml.h>
#include <utility>

namespace firn::config {

namespace {

TomlValue value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  switch (node.type()) {
    case toml::node_type::boolean:
      return OtherValue{"true or false"};
    case toml::node_type::floating_point:
      return OtherValue{"a number with a fraction"};
    case toml::node_type::array:
      return OtherValue{"a list"};
    case toml::node_type::table:
      return OtherValue{"a table"};
    default:
      return OtherValue{"a date or a time of day"};
  }
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<TomlEntry>& entries) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const auto* inner = node.as_table();
    if (inner != nullptr && !inner->empty()) {
      flatten(*inner, name + ".", entries);
      continue;
    }
    const auto line = inner != nullptr ? node.source().begin.line : key.source().begin.line;
    entries.push_back({.key = name, .value = value_of(node), .line = line});
  }
}

}  // namespace

std::variant<std::vector<TomlEntry>, TomlError> read_toml(std::string_view text) {
  try {
    std::vector<TomlEntry> entries;
    flatten(toml::parse(text), "", entries);
    std::ranges::sort(entries, {}, [](const TomlEntry& entry) {
      return std::pair(entry.line, std::string_view(entry.key));
    });
    return entries;
  } catch (const toml::parse_error& e) {
    return TomlError{.line = e.source().begin.line, .message = std::string(e.description())};
  }
}

}  // namespace firn::config
