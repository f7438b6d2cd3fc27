// SPDX-License-Identifier: Apache-2.0
#include "view/status_lines.h"

#include "view/words.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace firn::view {

namespace {

/// The time has a place of its own at the right, so that the rates before it stand still.
constexpr std::size_t kTimeColumn = 9;

std::string repeated(std::string_view sign, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i)
    text += sign;
  return text;
}

/// The cells of `width` that are due to `part` of `total`; one at least where there is any.
std::size_t cells(std::size_t part, std::size_t total, std::size_t width) {
  if (part == 0 || total == 0) return 0;
  return std::max<std::size_t>(1, part * width / total);
}

Line bar(const RunModel& model, std::size_t width, const Style& style) {
  const StepTally& steps = model.steps();
  const Signs& signs = signs_of(style);
  const std::size_t percent = steps.total == 0 ? 100 : steps.ended() * 100 / steps.total;
  const std::string label = fmt::format(" {:3}%", percent);
  Line line(style);
  if (width < label.size() + 10) return line;
  std::size_t room = width - label.size();
  const auto fill = [&, total = room](std::size_t part, std::string_view sign, Role role) {
    const std::size_t taken = std::min(room, cells(part, steps.total, total));
    line.put(repeated(sign, taken), role);
    room -= taken;
  };
  fill(steps.failed + steps.fallen + steps.cancelled, signs.bar_failed, Role::bad);
  fill(steps.built, signs.bar_built, Role::good);
  fill(steps.running, signs.bar_running, Role::moving);
  line.put(repeated(signs.bar_rest, room), Role::dim);
  return line.put(label, Role::dim);
}

/// The rates are left out before counts of this rank, and after those above it.
constexpr int kRankOfRates = 2;

/// One count among others. The higher the rank, the sooner it is left out.
struct Count {
  std::string text;
  Role role = Role::plain;
  int rank = 0;
};

std::vector<Count> counts(const StepTally& steps) {
  std::vector<Count> result{
      {.text = fmt::format("{}/{} built", steps.built, steps.total), .role = Role::good}};
  if (steps.failed > 0)
    result.push_back(
        {.text = fmt::format("{} failed", steps.failed), .role = Role::bad, .rank = 1});
  if (steps.fallen > 0)
    result.push_back({.text = fmt::format("{} fell", steps.fallen), .role = Role::bad, .rank = 3});
  result.push_back({.text = fmt::format("{} running", steps.running), .rank = 2});
  if (steps.waiting() > 0)
    result.push_back(
        {.text = fmt::format("{} waiting", steps.waiting()), .role = Role::dim, .rank = 4});
  return result;
}

std::size_t width_of(const std::vector<Count>& counts, std::string_view separator) {
  std::size_t width = 0;
  for (const Count& count : counts)
    width += (width > 0 ? display_width(separator) : 0) + display_width(count.text);
  return width;
}

/// The rates with the fixed width that keeps them from jumping.
std::string rates(const RunModel& model, TimePoint now, const Style& style) {
  if (model.traffic() == Traffic()) return {};
  const Traffic rate = model.rate(now);
  const Signs& signs = signs_of(style);
  return fmt::format("{} {:>6}/s  {} {:>6}/s",
                     signs.sent,
                     in_words(rate.sent),
                     signs.received,
                     in_words(rate.received));
}

Line count_line(const RunModel& model, TimePoint now, std::size_t width, const Style& style) {
  const std::string_view separator = signs_of(style).separator;
  auto shown = counts(model.steps());
  const std::string time = on_a_clock(model.elapsed(now));
  std::string right = rates(model, now, style);
  const auto used = [&] {
    return width_of(shown, separator) + std::max(kTimeColumn, time.size() + 2) +
           (right.empty() ? 0 : display_width(right) + 2);
  };
  while (used() > width && shown.size() > 1) {
    const auto least = std::ranges::max_element(shown, {}, &Count::rank);
    if (least->rank <= kRankOfRates && !right.empty()) {
      right.clear();
    } else {
      shown.erase(least);
    }
  }
  Line line(style);
  for (const Count& count : shown) {
    if (line.width() > 0) line.put(separator, Role::dim);
    line.put(cut_end(count.text, width - line.width(), style), count.role);
  }
  if (line.width() + 1 + time.size() > width) return line;
  if (!right.empty()) line.put_right(width - kTimeColumn, right, Role::moving);
  return line.put_right(width, time, Role::dim);
}

}  // namespace

std::vector<Line> status_lines(const RunModel& model,
                               TimePoint now,
                               const Columns& columns,
                               const Style& style) {
  std::vector<Line> lines;
  lines.push_back(bar(model, columns.end, style));
  lines.push_back(count_line(model, now, columns.end, style));
  return lines;
}

}  // namespace firn::view
