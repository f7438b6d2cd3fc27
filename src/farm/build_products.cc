// SPDX-License-Identifier: Apache-2.0
#include "farm/build_products.h"

#include "base/utf8.h"
#include "nix/words.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace firn::farm {

namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Whether all of `text` is letters, digits and `others`.
bool is_made_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text,
                             [others](char c) { return is_alphanumeric(c) || others.contains(c); });
}

std::string_view trim(std::string_view text, std::string_view blanks) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Whether a database takes it as a text.
bool is_storable(std::string_view text) {
  return !text.contains('\0') && is_utf8(text);
}

/// Takes parts off the front of a line.
class LineCursor {
 public:
  explicit LineCursor(std::string_view line) : rest_(line) {}

  bool is_at_end() const { return rest_.empty(); }

  /// False where there is none.
  bool skip_blanks() {
    const auto end = std::ranges::find_if_not(rest_, is_blank);
    const bool has_blanks = end != rest_.begin();
    rest_ = {end, rest_.end()};
    return has_blanks;
  }

  /// Up to the next blank.
  std::string_view word() {
    const auto end = std::ranges::find_if(rest_, is_blank);
    const std::string_view word(rest_.begin(), end);
    rest_ = {end, rest_.end()};
    return word;
  }

  /// What stands between quotes, or a word; empty where it is neither.
  std::string_view path() {
    if (!rest_.starts_with('"')) {
      const auto found = word();
      return found.find_first_of("<>\"") == std::string_view::npos ? found : std::string_view();
    }
    const auto end = rest_.find('"', 1);
    if (end == std::string_view::npos) return {};
    const auto found = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return found;
  }

 private:
  std::string_view rest_;
};

/// Calls `take` for each line that is not empty and not too long.
template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0 && end <= kMostLineBytes) take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::optional<double> parse_finite(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

/// Without ".", ".." and doubled slashes; nothing where the path is not absolute.
std::optional<std::string> canonical(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::string result;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    if (part == "..") {
      result.erase(std::min(result.rfind('/'), result.size()));
    } else if (!part.empty() && part != ".") {
      result += '/';
      result += part;
    }
  }
  return result;
}

class Collector {
 public:
  Collector(std::span<const BuiltOutput> outputs, const FindMember& find_member)
      : find_member_(find_member) {
    for (const BuiltOutput& output : outputs)
      by_path_.try_emplace(output.path, &output);
    for (const BuiltOutput& output : outputs)
      by_name_.try_emplace(output.name, &output);
  }

  BuildProducts collect() && {
    bool is_declared = false;
    for (const auto& [path, output] : by_path_) {
      result_.has_failed |= output->notes.has_failed;
      is_declared |= output->notes.products.has_value();
      take_products(*output);
      take_release_name(*output);
      take_metrics(*output);
    }
    if (!is_declared) take_outputs();
    for (auto& [name, metric] : metrics_)
      result_.metrics.push_back(std::move(metric));
    return std::move(result_);
  }

 private:
  void take_products(const BuiltOutput& output) {
    if (!output.notes.products) return;
    for_each_line(*output.notes.products, [&](std::string_view line) {
      const auto parsed = parse_product_line(line);
      if (!parsed || !is_storable(line)) return;
      auto path = canonical(parsed->path);
      if (!path) return;
      const auto& member = find(*path);
      if (!member) return;
      std::string name = *path == output.path.str() ? "" : path->substr(path->rfind('/') + 1);
      if (!is_made_of(name, ".@:_ +-")) name.clear();
      const bool is_regular = member->type == MemberType::regular;
      result_.products.push_back({.type = std::string(parsed->type),
                                  .subtype = std::string(parsed->subtype),
                                  .name = std::move(name),
                                  .path = *std::move(path),
                                  .default_path = std::string(parsed->default_path),
                                  .size = is_regular ? std::optional(member->size) : std::nullopt,
                                  .sha256 = is_regular ? member->sha256 : std::nullopt});
    });
  }

  /// QR-154.
  void take_outputs() {
    for (const auto& [name, output] : by_name_) {
      if (output->notes.root != MemberType::directory) continue;
      result_.products.push_back({.type = "nix-build",
                                  .subtype = name == "out" ? "" : std::string(name),
                                  .name = std::string(output->path.name()),
                                  .path = output->path.str()});
    }
  }

  void take_release_name(const BuiltOutput& output) {
    if (!output.notes.release_name) return;
    const auto name = trim(*output.notes.release_name, " \t\n\r");
    if (!name.empty() && name.size() <= kMostLineBytes && is_made_of(name, ".@:_-"))
      result_.release_name = name;
  }

  void take_metrics(const BuiltOutput& output) {
    if (!output.notes.metrics) return;
    for_each_line(*output.notes.metrics, [this](std::string_view line) {
      const auto metric = parse_metric_line(line);
      if (metric) metrics_[metric->name] = *metric;
    });
  }

  const std::optional<Member>& find(const std::string& path) {
    const auto [known, is_new] = found_.try_emplace(path);
    if (!is_new) return known->second;
    for (const auto& [output, unused] : by_path_) {
      std::string_view inside = path;
      const std::string root = output.str();
      if (!inside.starts_with(root)) continue;
      inside.remove_prefix(root.size());
      if (!inside.empty() && !inside.starts_with('/')) continue;
      if (!inside.empty()) inside.remove_prefix(1);
      known->second = find_member_(output, inside);
      break;
    }
    return known->second;
  }

  const FindMember& find_member_;
  std::map<nix::StorePath, const BuiltOutput*> by_path_;
  std::map<std::string_view, const BuiltOutput*> by_name_;
  std::map<std::string, std::optional<Member>> found_;
  std::map<std::string, Metric> metrics_;
  BuildProducts result_;
};

}  // namespace

std::string whole_lines(std::string text) {
  if (text.size() <= kMostNoteBytes) return text;
  text.resize(kMostNoteBytes);
  text.resize(text.rfind('\n') + 1);
  return text;
}

std::optional<ProductLine> parse_product_line(std::string_view line) {
  LineCursor cursor(line);
  ProductLine result;
  result.type = cursor.word();
  if (result.type.empty() || !is_made_of(result.type, "_-") || !cursor.skip_blanks())
    return std::nullopt;
  result.subtype = cursor.word();
  if (result.subtype.empty() || !is_made_of(result.subtype, "_-") || !cursor.skip_blanks())
    return std::nullopt;
  result.path = cursor.path();
  if (result.path.empty()) return std::nullopt;
  if (cursor.is_at_end()) return result;
  if (!cursor.skip_blanks()) return std::nullopt;
  result.default_path = cursor.word();
  const bool is_whole = !result.default_path.empty() && cursor.is_at_end() &&
                        result.default_path.find_first_of("<>") == std::string_view::npos;
  return is_whole ? std::optional(result) : std::nullopt;
}

std::optional<Metric> parse_metric_line(std::string_view line) {
  const auto words = nix::words_of(line);
  if (words.size() < 2) return std::nullopt;
  const std::string_view name = words[0];
  const auto value = parse_finite(words[1]);
  const std::string_view unit = words.size() > 2 ? words[2] : std::string_view();
  if (!is_made_of(name, "._-") || !value) return std::nullopt;
  return Metric{.name = std::string(name),
                .value = *value,
                .unit = is_made_of(unit, "._%-") ? std::string(unit) : std::string()};
}

BuildProducts collect_products(std::span<const BuiltOutput> outputs,
                               const FindMember& find_member) {
  return Collector(outputs, find_member).collect();
}

BuildSizes measure(std::span<const nix::PathInfo* const> closure,
                   const nix::StorePathSet& outputs) {
  BuildSizes sizes;
  for (const nix::PathInfo* info : closure) {
    sizes.closure_size += info->nar_size;
    if (outputs.contains(info->path)) sizes.size += info->nar_size;
  }
  return sizes;
}

}  // namespace firn::farm
