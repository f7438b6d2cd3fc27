// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <system_error>

#include <fmt/format.h>

namespace firn::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kSecond = 1'000'000'000;

// Ascending, so that the last one without a rest is the largest.
constexpr auto kTimes = std::to_array<Unit>({{.name = "ms", .factor = kSecond / 1000},
                                             {.name = "s", .factor = kSecond},
                                             {.name = "min", .factor = 60 * kSecond},
                                             {.name = "h", .factor = 3600 * kSecond},
                                             {.name = "d", .factor = 86400 * kSecond}});
constexpr auto kSizes = std::to_array<Unit>({{.name = "B", .factor = 1},
                                             {.name = "KiB", .factor = 1U << 10U},
                                             {.name = "MiB", .factor = 1U << 20U},
                                             {.name = "GiB", .factor = 1U << 30U}});

constexpr std::uint64_t kLongest = std::uint64_t{365} * 86400 * kSecond;
constexpr std::uint64_t kLargest = std::uint64_t{1} << 53U;

std::optional<std::uint64_t> read(std::string_view text,
                                  std::span<const Unit> units,
                                  std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view name(end, text.data() + text.size());
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (unit == units.end() || number == 0 || number > most / unit->factor) return std::nullopt;
  return number * unit->factor;
}

std::string spell(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units)
    if (value >= unit.factor && value % unit.factor == 0) best = &unit;
  return fmt::format("{}{}", value / best->factor, best->name);
}

}  // namespace

std::optional<Duration> read_duration(std::string_view text) {
  const auto value = read(text, kTimes, kLongest);
  if (!value) return std::nullopt;
  return Duration(static_cast<std::int64_t>(*value));
}

std::optional<ByteCount> read_size(std::string_view text) {
  const auto value = read(text, kSizes, kLargest);
  if (!value) return std::nullopt;
  return ByteCount(*value);
}

std::string spell(Duration duration) {
  return spell(static_cast<std::uint64_t>(duration.count()), kTimes);
}

std::string spell(ByteCount size) {
  return spell(size.value(), kSizes);
}

}  // namespace firn::config
