// SPDX-License-Identifier: Apache-2.0
#include "config/file.h"

#include "base/error.h"
#include "base/nearest.h"
#include "config/table.h"
#include "config/text_file.h"
#include "config/toml.h"
#include "config/values.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::config {

namespace fs = std::filesystem;

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// As it stands in a file.
std::string spell_value(const Row& row) {
  Settings defaults;
  return std::visit(
      Overloaded{
          [&](std::uint32_t& (*place)(Settings&)) { return fmt::to_string(place(defaults)); },
          [&](std::string& (*place)(Settings&)) { return fmt::format("{:?}", place(defaults)); },
          [&](auto place) { return fmt::format("\"{}\"", spell(place(defaults))); }},
      row.place);
}

std::string spell_found(const TomlValue& value) {
  return std::visit(Overloaded{[](const std::string& text) { return fmt::format("{:?}", text); },
                               [](std::int64_t number) { return fmt::to_string(number); },
                               [](OtherValue other) { return std::string(other.what); }},
                    value);
}

/// Takes the value over; says what was expected where it cannot.
class Assignment {
 public:
  Assignment(const Row& row, Settings& settings, const TomlValue& value)
      : row_(row), settings_(settings), value_(value) {}

  std::optional<std::string> operator()(Duration& (*place)(Settings&)) const {
    const auto* text = std::get_if<std::string>(&value_);
    const auto duration = text != nullptr ? read_duration(*text) : std::nullopt;
    if (!duration) return "a time above 0 with its unit (ms, s, min, h, d), at most 365d";
    place(settings_) = *duration;
    return std::nullopt;
  }

  std::optional<std::string> operator()(ByteCount& (*place)(Settings&)) const {
    const auto* text = std::get_if<std::string>(&value_);
    const auto size = text != nullptr ? read_size(*text) : std::nullopt;
    if (!size) return "a size above 0 with its unit (B, KiB, MiB, GiB)";
    place(settings_) = *size;
    return std::nullopt;
  }

  std::optional<std::string> operator()(std::string& (*place)(Settings&)) const {
    const auto* text = std::get_if<std::string>(&value_);
    if (text == nullptr) return "a text";
    place(settings_) = *text;
    return std::nullopt;
  }

  std::optional<std::string> operator()(std::uint32_t& (*place)(Settings&)) const {
    const auto* number = std::get_if<std::int64_t>(&value_);
    if (number == nullptr || *number < 1 || *number > std::int64_t{row_.most})
      return fmt::format("a number from 1 to {}", row_.most);
    place(settings_) = static_cast<std::uint32_t>(*number);
    return std::nullopt;
  }

 private:
  const Row& row_;
  Settings& settings_;
  const TomlValue& value_;
};

std::string unknown(const std::string& key) {
  std::vector<std::string_view> known;
  for (const Row& row : rows())
    known.push_back(row.key);
  const auto meant = nearest(key, known);
  return fmt::format("unknown key '{}'{}",
                     key,
                     meant ? fmt::format("; did you mean {}?", *meant)
                           : "; firn check-config --defaults lists what there is");
}

bool is_section(const std::string& name) {
  return std::ranges::find(sections(), name, &Section::name) != sections().end();
}

/// What is wrong with the entry, if anything; otherwise `settings` have it.
std::optional<std::string> apply(const TomlEntry& entry, Settings& settings) {
  const auto row = std::ranges::find(rows(), entry.key, &Row::key);
  if (row == rows().end()) {
    const auto* other = std::get_if<OtherValue>(&entry.value);
    if (other != nullptr && other->what == "a table" && is_section(entry.key)) return std::nullopt;
    return unknown(entry.key);
  }
  const auto expected = std::visit(Assignment(*row, settings, entry.value), row->place);
  if (!expected) return std::nullopt;
  return fmt::format("{} is {}, which must be {}, such as {}",
                     entry.key,
                     spell_found(entry.value),
                     *expected,
                     spell_value(*row));
}

}  // namespace

Configuration read_configuration(std::string_view text, std::string_view file) {
  Configuration result;
  const auto add = [&](std::size_t line, std::string key, std::string message) {
    result.problems.push_back({.file = std::string(file),
                               .line = line,
                               .key = std::move(key),
                               .message = std::move(message)});
  };
  const auto read = read_toml(text);
  if (const auto* error = std::get_if<TomlError>(&read)) {
    add(error->line, "", fmt::format("this is no TOML: {}", error->message));
    return result;
  }
  for (const TomlEntry& entry : std::get<std::vector<TomlEntry>>(read)) {
    if (auto problem = apply(entry, result.settings))
      add(entry.line, entry.key, *std::move(problem));
  }
  return result;
}

Configuration load_configuration(const fs::path& file) {
  return read_configuration(load_text(file), file.string());
}

std::optional<fs::path> find_configuration() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  std::vector<fs::path> places;
  if (config != nullptr && *config == '/') {
    places.push_back(fs::path(config) / "firn/firn.toml");
  } else if (home != nullptr && *home == '/') {
    places.push_back(fs::path(home) / ".config/firn/firn.toml");
  }
  places.emplace_back("/etc/firn/firn.toml");
  std::error_code ignored;
  const auto found = std::ranges::find_if(
      places, [&](const fs::path& place) { return fs::exists(place, ignored); });
  if (found == places.end()) return std::nullopt;
  return *found;
}

std::string default_file() {
  std::string text = "# firn.toml: what firn waits for, how long, and how often it tries again.\n";
  for (const Section& section : sections()) {
    text += fmt::format("\n# {}\n[{}]\n", section.help, section.name);
    const std::string prefix = std::string(section.name) + ".";
    for (const Row& row : rows()) {
      if (!row.key.starts_with(prefix)) continue;
      text += fmt::format(
          "# {}\n#{} = {}\n", row.help, row.key.substr(prefix.size()), spell_value(row));
    }
  }
  return text;
}

}  // namespace firn::config
