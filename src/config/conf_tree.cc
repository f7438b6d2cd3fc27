// SPDX-License-Identifier: Apache-2.0
#include "config/conf_tree.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::config {

namespace {

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '\\' && i + 1 < text.size() && std::string_view("$\\\"#").contains(text[i + 1]);
    if (is_escape) ++i;
    result += text[i];
  }
  return result;
}

std::string read_value(std::string_view text) {
  if (text.starts_with('"') && text.ends_with('"'))
    text = text.size() > 1 ? text.substr(1, text.size() - 2) : std::string_view();
  return unescape(text);
}

ConfEntry read_entry(const ConfLine& line) {
  if (line.here_document)
    return {.key = line.text, .value = read_value(*line.here_document), .place = line.place};
  const std::string_view text = line.text;
  const auto end = std::ranges::find_if(text, [](char c) { return c == '=' || is_conf_blank(c); });
  ConfEntry entry{
      .key = std::string(text.begin(), end), .value = std::nullopt, .place = line.place};
  if (end == text.end()) return entry;
  std::string_view rest = trim_conf({end, text.end()});
  if (rest.starts_with('=')) rest = trim_conf(rest.substr(1));
  entry.value = read_value(rest);
  return entry;
}

/// A word, or a text in quotes; and what follows.
std::pair<std::string_view, std::string_view> split_word(std::string_view text) {
  const auto quote = text.starts_with('"') ? text.find('"', 1) : std::string_view::npos;
  if (quote != std::string_view::npos && quote > 1)
    return {text.substr(1, quote - 1), text.substr(quote + 1)};
  const auto blank = std::ranges::find_if(text, is_conf_blank);
  return {{text.begin(), blank}, {blank, text.end()}};
}

ConfBlock begin_block(std::string_view text, const ConfPlace& place) {
  const auto [kind, rest] = split_word(text);
  std::string_view name = trim_conf(rest);
  if (name.size() > 2 && name.front() == '"' && name.back() == '"')
    name = name.substr(1, name.size() - 2);
  return {.kind = std::string(kind), .name = std::string(name), .place = place};
}

class TreeBuilder {
 public:
  void take(const ConfLine& line) {
    const std::string_view text = line.text;
    const bool is_tag = !line.here_document && text.starts_with('<');
    if (!is_tag) {
      if (nested_too_deep_ == 0) open_.back().entries.push_back(read_entry(line));
    } else if (!text.ends_with('>') || text.size() < 3 || text == "</>") {
      complain(line.place, "a line that begins with '<' must be <block> or </block>");
    } else if (text.starts_with("<<")) {
      complain(line.place, "this is not read as an include; write: include FILE");
    } else if (text[1] == '/') {
      end(text.substr(2, text.size() - 3), line.place);
    } else {
      begin(begin_block(text.substr(1, text.size() - 2), line.place));
    }
  }

  ConfTree finish() {
    while (open_.size() > 1) {
      complain(open_.back().place, fmt::format("the block has no end: </{}>", open_.back().kind));
      close();
    }
    return {.root = std::move(open_.front()), .problems = std::move(problems_)};
  }

 private:
  void complain(const ConfPlace& place, std::string message, bool is_fatal = true) {
    problems_.push_back({.file = place.file,
                         .line = place.line,
                         .key = {},
                         .message = std::move(message),
                         .is_fatal = is_fatal});
  }

  void begin(ConfBlock block) {
    if (nested_too_deep_ > 0 || open_.size() > kMostConfNesting) {
      if (++nested_too_deep_ == 1) {
        complain(block.place,
                 fmt::format("blocks stand in each other at most {} deep", kMostConfNesting));
      }
      return;
    }
    open_.push_back(std::move(block));
  }

  void end(std::string_view kind, const ConfPlace& place) {
    if (nested_too_deep_ > 0) {
      --nested_too_deep_;
      return;
    }
    if (open_.size() == 1) return complain(place, fmt::format("</{}> ends no block", kind));
    const ConfBlock& block = open_.back();
    if (trim_conf(kind) != block.kind && split_word(kind).first != block.kind) {
      complain(place,
               fmt::format("</{}> ends <{}>, which begins at {}:{}",
                           kind,
                           block.kind,
                           block.place.file,
                           block.place.line),
               false);
    }
    close();
  }

  void close() {
    ConfBlock block = std::move(open_.back());
    open_.pop_back();
    open_.back().blocks.push_back(std::move(block));
  }

  std::vector<Problem> problems_;
  /// From the root to the block that is being read.
  std::vector<ConfBlock> open_ = std::vector<ConfBlock>(1);
  std::size_t nested_too_deep_ = 0;
};

}  // namespace

ConfTree read_conf_tree(std::string_view text, const std::string& file, const ConfReader& read) {
  ConfLines read_lines = read_conf_lines(text, file, read);
  TreeBuilder builder;
  for (const ConfLine& line : read_lines.lines)
    builder.take(line);
  ConfTree tree = builder.finish();
  tree.problems.insert(tree.problems.begin(),
                       std::make_move_iterator(read_lines.problems.begin()),
                       std::make_move_iterator(read_lines.problems.end()));
  return tree;
}

}  // namespace firn::config
