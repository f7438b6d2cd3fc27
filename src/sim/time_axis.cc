// SPDX-License-Identifier: Apache-2.0
#include "sim/time_axis.h"

#include "sim/bounds.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace firn::sim {

namespace {

constexpr double kLineHeight = 18;
constexpr double kLetterWidth = 7;

// The shortest round time of which at most ten fit.
Duration tick(Duration end) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  constexpr std::array<Duration, 15> kRound{seconds(1),
                                            seconds(5),
                                            seconds(10),
                                            seconds(30),
                                            minutes(1),
                                            minutes(5),
                                            minutes(10),
                                            minutes(30),
                                            hours(1),
                                            hours(2),
                                            hours(4),
                                            hours(12),
                                            hours(24),
                                            hours(48),
                                            hours(168)};
  for (const Duration round : kRound) {
    if (end / round <= 10) return round;
  }
  return end / 10;
}

}  // namespace

std::string in_words(Duration time) {
  const auto all = std::chrono::round<std::chrono::seconds>(time).count();
  if (all < 120) return fmt::format("{} s", all);
  const auto minutes = (all + 30) / 60;
  if (minutes < 120 && minutes != 60) return fmt::format("{} min", minutes);
  return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                           : fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

double TimeAxis::at(Duration time) const {
  if (end <= Duration::zero()) return left;
  return left + width * static_cast<double>(time.count()) / static_cast<double>(end.count());
}

void TimeAxis::draw(Svg& svg, double top, double height) const {
  const Duration step = std::max(tick(end), Duration(1));
  for (Duration time{}; time <= end; time += step) {
    svg.line(at(time), top, at(time), top + height, "#76767640");
    svg.text(at(time), top + height + 15, in_words(time), Anchor::middle);
  }
}

std::vector<std::uint32_t> owners(const Queue& queue) {
  const auto projects = static_cast<std::uint32_t>(queue.projects.size());
  std::vector<std::uint32_t> found(queue.steps.size(), projects);
  std::vector<bool> is_taken(queue.steps.size());
  for (std::uint32_t project = 0; project < projects; ++project) {
    const auto needed = needed_by(queue, project);
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) continue;
      found[i] = is_taken[i] ? projects : project;
      is_taken[i] = true;
    }
  }
  return found;
}

std::string_view owner_colour(const Queue& queue, std::uint32_t owner) {
  return owner < queue.projects.size() ? colour(owner) : kEverybody;
}

double draw_legend(Svg& svg, const Queue& queue, const Box& place) {
  double x = place.x;
  double y = place.y;
  const auto add = [&](std::string_view fill, std::string_view name) {
    const double width = 26 + kLetterWidth * static_cast<double>(name.size());
    if (x > place.x && x + width > place.x + place.width) {
      x = place.x;
      y += kLineHeight;
    }
    svg.rect({.x = x, .y = y, .width = 12, .height = 12}, fill);
    svg.text(x + 17, y + 10, name);
    x += width + 10;
  };
  for (std::size_t i = 0; i < queue.projects.size(); ++i)
    add(colour(i), queue.projects[i].name);
  if (queue.projects.size() > 1) add(kEverybody, "several projects");
  add(kAccent, "longest chain, lower bound");
  return y + kLineHeight - place.y;
}

}  // namespace firn::sim
