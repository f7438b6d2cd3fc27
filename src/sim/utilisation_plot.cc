// SPDX-License-Identifier: Apache-2.0
#include "sim/utilisation_plot.h"

#include "sim/bounds.h"
#include "sim/svg.h"
#include "sim/time_axis.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace firn::sim {

namespace {

constexpr double kWidth = 1280;
constexpr double kLeft = 72;
constexpr double kRight = 24;
constexpr double kTop = 34;
constexpr double kPanel = 150;
/// What waits is drawn in a strip of its own, below what runs.
constexpr double kStrip = 36;
constexpr double kStripGap = 6;
constexpr double kPanelGap = 58;
constexpr std::size_t kColumns = 592;

/// Mean numbers over each of `kColumns` equal parts of the time.
using Series = std::vector<double>;

/// Adds 1 for the time from `from` to `to`.
void add_interval(Series& series, double from, double to) {
  const auto last = static_cast<double>(kColumns);
  for (double at = std::clamp(from, 0.0, last); at < std::min(to, last);) {
    const auto column = static_cast<std::size_t>(at);
    const double next = std::min(static_cast<double>(column + 1), to);
    series[std::min(column, kColumns - 1)] += next - at;
    at = next;
  }
}

struct Load {
  /// By owner: slots in use.
  std::vector<Series> busy;
  Series waiting;
};

Load load_of(const Queue& queue, const Outcome& outcome, Duration end) {
  const auto owner = owners(queue);
  Load load{.busy = std::vector<Series>(queue.projects.size() + 1, Series(kColumns)),
            .waiting = Series(kColumns)};
  const auto column = [&](Duration time) {
    return end.count() == 0 ? 0.0
                            : static_cast<double>(time.count()) * static_cast<double>(kColumns) /
                                  static_cast<double>(end.count());
  };
  for (StepIndex i = 0; i < queue.steps.size(); ++i) {
    const Execution& execution = outcome.steps[i];
    if (!execution.was_run) continue;
    add_interval(load.busy[owner[i]], column(execution.began), column(execution.ended));
    add_interval(load.waiting, column(execution.ready), column(execution.began));
  }
  return load;
}

/// Draws values as heights over a base line, in pixels from left to right.
class Panel {
 public:
  Panel(double top, double height, TimeAxis axis) : top_(top), height_(height), axis_(axis) {}

  double x(std::size_t column) const {
    return axis_.left + axis_.width * static_cast<double>(column) / static_cast<double>(kColumns);
  }

  double y(double share) const { return top_ + height_ * (1 - std::min(share, 1.0)); }

  std::string band(const Series& below, const Series& above, double full) const {
    std::string points;
    for (std::size_t i = 0; i < above.size(); ++i) {
      const double height = y(full > 0 ? above[i] / full : 0);
      points += fmt::format(
          "{}{:.1f} {:.1f}L{:.1f} {:.1f}", i == 0 ? 'M' : 'L', x(i), height, x(i + 1), height);
    }
    for (std::size_t i = below.size(); i-- > 0;) {
      const double height = y(full > 0 ? below[i] / full : 0);
      points += fmt::format("L{:.1f} {:.1f}L{:.1f} {:.1f}", x(i + 1), height, x(i), height);
    }
    return points + "Z";
  }

 private:
  double top_;
  double height_;
  TimeAxis axis_;
};

double slots_of(const Fleet& fleet) {
  double slots = 0;
  for (const sched::MachineSpec& machine : fleet.machines)
    slots += machine.max_jobs;
  return slots;
}

// The number at the top of a panel and what is counted, at its left.
void label(Svg& svg, const Panel& panel, double most, std::string_view what) {
  svg.text(kLeft - 8, panel.y(1) + 10, fmt::format("{:.0f}", most), Anchor::end);
  svg.text(kLeft - 8, panel.y(1) + 24, what, Anchor::end);
}

void draw_busy(Svg& svg, const Queue& queue, const Load& load, double slots, const Panel& panel) {
  Series below(kColumns);
  for (std::size_t owner = 0; owner < load.busy.size(); ++owner) {
    Series above = below;
    for (std::size_t i = 0; i < kColumns; ++i)
      above[i] += load.busy[owner][i];
    svg.area(panel.band(below, above, slots),
             owner_colour(queue, static_cast<std::uint32_t>(owner)));
    below = std::move(above);
  }
  label(svg, panel, slots, "slots");
}

void draw_waiting(Svg& svg, const Load& load, const Panel& panel) {
  const double most = *std::max_element(load.waiting.begin(), load.waiting.end());
  svg.area(panel.band(Series(kColumns), load.waiting, most), kInk);
  label(svg, panel, most, "waiting");
}

}  // namespace

std::string draw_utilisation(const Queue& queue,
                             const Fleet& fleet,
                             std::span<const PlottedRun> runs) {
  Duration end{};
  for (const PlottedRun& run : runs)
    end = std::max(end, run.outcome->makespan);
  const TimeAxis axis{.left = kLeft, .width = kWidth - kLeft - kRight, .end = end};
  const double legend = 26;
  constexpr double kRun = kPanel + kStripGap + kStrip + kPanelGap;
  Svg svg(kWidth, legend + kTop + static_cast<double>(runs.size()) * kRun - kPanelGap / 2);
  draw_legend(svg, queue, {.x = kLeft, .y = 10, .width = axis.width});
  const double bound = axis.at(bounds(queue, fleet).lower());
  double top = legend + kTop;
  for (const PlottedRun& run : runs) {
    svg.heading(kLeft, top - 12, run.title);
    const double strip = top + kPanel + kStripGap;
    axis.draw(svg, top, kPanel + kStripGap + kStrip);
    const Load load = load_of(queue, *run.outcome, end);
    draw_busy(svg, queue, load, slots_of(fleet), Panel(top, kPanel, axis));
    draw_waiting(svg, load, Panel(strip, kStrip, axis));
    svg.frame({.x = axis.left, .y = strip, .width = axis.width, .height = kStrip}, "#76767680");
    svg.frame({.x = axis.left, .y = top, .width = axis.width, .height = kPanel}, "#76767680");
    svg.dashed(bound, top - 4, bound, strip + kStrip, kAccent);
    top = strip + kStrip + kPanelGap;
  }
  return std::move(svg).finish();
}

}  // namespace firn::sim
