// SPDX-License-Identifier: Apache-2.0
#include "sim/dot.h"

#include "base/error.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace firn::sim {

namespace {

constexpr std::string_view kSpace = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

/// Takes a quoted name from the front.
std::optional<std::string_view> take_name(std::string_view& line) {
  if (!line.starts_with('"')) return std::nullopt;
  const std::size_t end = line.find('"', 1);
  if (end == std::string_view::npos || end == 1) return std::nullopt;
  const std::string_view name = line.substr(1, end - 1);
  line = trimmed(line.substr(end + 1));
  return name;
}

bool is_end_of_statement(std::string_view rest) {
  return rest.empty() || rest == ";" || rest.starts_with('[');
}

class Parser {
 public:
  std::vector<DotNode> parse(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (!take(trimmed(text.substr(0, end)))) {
        throw Error(Kind::invalid,
                    fmt::format("line {} is no node and no edge of a graph such as nix-store -q "
                                "--graph prints",
                                number));
      }
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(nodes_);
  }

 private:
  bool take(std::string_view line) {
    if (line.empty() || line == "}" || line.starts_with("digraph") || line.starts_with("//"))
      return true;
    const auto first = take_name(line);
    if (!first) return false;
    const std::uint32_t from = place(*first);
    if (!line.starts_with("->")) return is_end_of_statement(line);
    line = trimmed(line.substr(2));
    const auto second = take_name(line);
    if (!second) return false;
    const std::uint32_t to = place(*second);
    if (from != to) nodes_[to].references.push_back(from);
    return is_end_of_statement(line);
  }

  std::uint32_t place(std::string_view name) {
    const auto [entry, is_new] =
        places_.try_emplace(std::string(name), static_cast<std::uint32_t>(nodes_.size()));
    if (is_new) nodes_.push_back({.name = entry->first, .references = {}});
    return entry->second;
  }

  std::vector<DotNode> nodes_;
  std::unordered_map<std::string, std::uint32_t> places_;
};

}  // namespace

std::vector<DotNode> parse_dot(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace firn::sim
