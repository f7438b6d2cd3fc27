// SPDX-License-Identifier: Apache-2.0
#include "nix/machines.h"

#include "base/encoding.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kMaxIncludes = 1000;
constexpr std::size_t kColumns = 8;

/// The columns of one entry; absent ones and "-" are empty.
using Columns = std::array<std::string_view, kColumns>;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Calls `take` with every piece of `text` between `separators`; empty pieces included.
template <class Take>
void split(std::string_view text, std::string_view separators, Take take) {
  for (;;) {
    const std::size_t end = text.find_first_of(separators);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Columns columns_of(std::string_view entry) {
  Columns columns;
  std::size_t used = 0;
  split(entry, kBlanks, [&](std::string_view word) {
    if (word.empty() || used == kColumns) return;
    columns.at(used++) = word == "-" ? std::string_view() : word;
  });
  return columns;
}

std::set<std::string> words(std::string_view text) {
  std::set<std::string> found;
  split(text, ",", [&](std::string_view word) {
    if (!word.empty()) found.emplace(word);
  });
  return found;
}

template <class Number>
Number parse_number(std::string_view text, std::string_view rule) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(Kind::invalid, fmt::format(fmt::runtime(rule), in_quotes(text)));
  }
  return number;
}

double parse_speed(std::string_view text) {
  constexpr std::string_view kRule = "speed factor {} is no number from 0 up";
  const auto speed = parse_number<double>(text, kRule);
  if (!std::isfinite(speed) || std::signbit(speed)) {
    throw Error(Kind::invalid, fmt::format(kRule, in_quotes(text)));
  }
  return speed == 0 ? 1.0 : speed;
}

std::string parse_host_key(std::string_view text) {
  try {
    std::string key = decode_base64(text);
    key.erase(std::min(key.find_last_not_of(" \t\r\n") + 1, key.size()));
    return key;
  } catch (Error& error) {
    throw Error(Kind::invalid,
                fmt::format("host key {} is no base64: {}", in_quotes(text), error.message()));
  }
}

Machine parse_machine(std::string_view entry) {
  const auto [uri, systems, key, jobs, speed, supported, mandatory, host_key] = columns_of(entry);
  if (uri.empty()) throw Error(Kind::invalid, "the store URI, the first column, must not be '-'");
  Machine machine;
  machine.uri = parse_store_uri(uri);
  machine.systems = words(systems);
  machine.ssh_key = key;
  if (!jobs.empty()) {
    machine.max_jobs = parse_number<std::uint32_t>(jobs, "max jobs {} is not a number");
  }
  if (!speed.empty()) machine.speed_factor = parse_speed(speed);
  machine.supported_features = words(supported);
  machine.mandatory_features = words(mandatory);
  machine.host_key = parse_host_key(host_key);
  return machine;
}

/// Reads texts and the files that they include, depth first, into one result.
class MachinesReader {
 public:
  explicit MachinesReader(const IncludeReader& include) : include_(include) {}

  void read(std::string_view text, std::string_view origin);

  MachinesFile take() { return std::move(result_); }

 private:
  void read_entry(std::string_view entry);
  void read_include(const std::string& path);
  void diagnose(std::string message);

  struct Place {
    std::string origin;
    std::size_t line;
  };

  const IncludeReader& include_;
  MachinesFile result_;
  /// The texts being read, each included by the one before it.
  std::vector<Place> places_;
  std::size_t includes_ = 0;
};

void MachinesReader::read(std::string_view text, std::string_view origin) {
  places_.push_back({.origin = std::string(origin), .line = 0});
  split(text, "\n", [&](std::string_view line) {
    ++places_.back().line;
    split(line.substr(0, line.find('#')), ";", [&](std::string_view entry) {
      if (const std::string_view content = trimmed(entry); !content.empty()) read_entry(content);
    });
  });
  places_.pop_back();
}

void MachinesReader::read_entry(std::string_view entry) {
  if (entry.starts_with('@')) return read_include(std::string(trimmed(entry.substr(1))));
  try {
    result_.machines.push_back(parse_machine(entry));
  } catch (const Error& error) {
    diagnose(error.what());
  }
}

void MachinesReader::read_include(const std::string& path) {
  const bool is_open = std::any_of(
      places_.begin(), places_.end(), [&](const Place& place) { return place.origin == path; });
  if (is_open) return diagnose(fmt::format("{} includes itself", path));
  if (++includes_ > kMaxIncludes) {
    return diagnose(fmt::format("{} is not read: more than {} includes", path, kMaxIncludes));
  }
  try {
    if (const auto text = include_(path)) read(*text, path);
  } catch (const Error& error) {
    diagnose(fmt::format("{} is not read: {}", path, error.what()));
  }
}

void MachinesReader::diagnose(std::string message) {
  const Place& place = places_.back();
  result_.diagnostics.push_back(
      {.origin = place.origin, .line = place.line, .message = std::move(message)});
}

}  // namespace

std::string MachinesDiagnostic::str() const {
  return fmt::format("{}:{}: {}", origin, line, message);
}

MachinesFile parse_machines(std::string_view text,
                            std::string_view origin,
                            const IncludeReader& include) {
  MachinesReader reader(include);
  reader.read(text, origin);
  return reader.take();
}

}  // namespace firn::nix
