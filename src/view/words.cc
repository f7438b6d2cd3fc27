// SPDX-License-Identifier: Apache-2.0
#include "view/words.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace firn::view {

using namespace std::chrono_literals;

std::string in_words(ByteCount bytes) {
  constexpr std::array<std::string_view, 7> kUnits{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes.value() < 1000) return fmt::format("{} B", bytes.value());
  auto number = static_cast<double>(bytes.value());
  std::size_t unit = 0;
  // 999.5 would be written as 1000.
  for (; number >= 999.5 && unit + 1 < kUnits.size(); ++unit)
    number /= 1000;
  return number < 9.95 ? fmt::format("{:.1f} {}", number, kUnits.at(unit))
                       : fmt::format("{:.0f} {}", number, kUnits.at(unit));
}

std::string in_words(Duration time) {
  time = std::max(time, Duration());
  const double seconds = std::chrono::duration<double>(time).count();
  if (time < 99500us) return fmt::format("{:.0f} ms", seconds * 1000);
  if (time < 9950ms) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::chrono::round<std::chrono::seconds>(time).count();
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string on_a_clock(Duration time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(std::max(time, Duration())).count();
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60);
}

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string lines_left_out(std::size_t number) {
  return fmt::format("[firn: {} left out here, for nobody read them]", counted(number, "line"));
}

}  // namespace firn::view
