// SPDX-License-Identifier: Apache-2.0
#include "sim/gantt.h"

#include "sim/bounds.h"
#include "sim/svg.h"
#include "sim/time_axis.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace firn::sim {

namespace {

constexpr double kWidth = 1280;
constexpr double kRight = 24;
constexpr double kTop = 62;
constexpr double kBottom = 34;
constexpr double kBandGap = 5;
/// What all slots together may take, as far as a slot is at least `kLeastSlot` high.
constexpr double kSlotsHeight = 640;
constexpr double kLeastSlot = 2;
constexpr double kMostSlot = 18;
/// Steps shorter than that, and gaps, are drawn together with their neighbours.
constexpr double kVisible = 0.6;
/// From this width on a step says what it is when it is pointed at.
constexpr double kPointable = 4;

/// The steps of one slot, in order of time.
using Lane = std::vector<StepIndex>;

std::vector<Lane> lanes_of(const Outcome& outcome, const std::vector<StepIndex>& in_order) {
  std::vector<Lane> lanes;
  for (const StepIndex step : in_order) {
    const auto free = std::find_if(lanes.begin(), lanes.end(), [&](const Lane& lane) {
      return outcome.steps[lane.back()].ended <= outcome.steps[step].began;
    });
    if (free == lanes.end()) {
      lanes.push_back({step});
    } else {
      free->push_back(step);
    }
  }
  return lanes;
}

/// By machine.
std::vector<std::vector<Lane>> all_lanes(const Fleet& fleet, const Outcome& outcome) {
  std::vector<StepIndex> order;
  for (StepIndex i = 0; i < outcome.steps.size(); ++i) {
    if (outcome.steps[i].was_run) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](StepIndex a, StepIndex b) {
    return std::tie(outcome.steps[a].began, a) < std::tie(outcome.steps[b].began, b);
  });
  std::vector<std::vector<StepIndex>> by_machine(fleet.machines.size());
  for (const StepIndex step : order)
    by_machine[outcome.steps[step].machine].push_back(step);
  std::vector<std::vector<Lane>> lanes;
  lanes.reserve(by_machine.size());
  for (const auto& steps : by_machine)
    lanes.push_back(lanes_of(outcome, steps));
  return lanes;
}

class Gantt {
 public:
  Gantt(const Queue& queue, const Fleet& fleet, const Outcome& outcome)
      : queue_(queue),
        fleet_(fleet),
        outcome_(outcome),
        owners_(owners(queue)),
        lanes_(all_lanes(fleet, outcome)),
        is_critical_(queue.steps.size()) {
    for (const StepIndex step : longest_chain(queue, fleet))
      is_critical_[step] = outcome.steps[step].was_run;
    std::size_t slots = 0;
    std::size_t longest_name = 4;
    for (std::size_t machine = 0; machine < lanes_.size(); ++machine) {
      slots += std::max<std::size_t>(lanes_[machine].size(), 1);
      longest_name = std::max(longest_name, fleet.machines[machine].name.size());
    }
    slot_ = std::clamp(
        kSlotsHeight / static_cast<double>(std::max<std::size_t>(slots, 1)), kLeastSlot, kMostSlot);
    height_ = slot_ * static_cast<double>(slots) + kBandGap * static_cast<double>(lanes_.size());
    const double left = 20 + 7 * static_cast<double>(std::min<std::size_t>(longest_name, 30));
    axis_ = {.left = left, .width = kWidth - left - kRight, .end = outcome.makespan};
  }

  std::string draw(std::string_view title) {
    Svg svg(kWidth, kTop + height_ + kBottom);
    svg.heading(axis_.left, 22, title);
    draw_legend(svg, queue_, {.x = axis_.left, .y = 36, .width = axis_.width});
    axis_.draw(svg, kTop, height_);
    double y = kTop;
    for (std::size_t machine = 0; machine < lanes_.size(); ++machine)
      y += draw_machine(svg, machine, y) + kBandGap;
    for (const Box& mark : marks_)
      svg.rect(mark, kAccent);
    const double bound = axis_.at(bounds(queue_, fleet_).lower());
    svg.dashed(bound, kTop - 4, bound, kTop + height_, kAccent);
    return std::move(svg).finish();
  }

 private:
  double draw_machine(Svg& svg, std::size_t machine, double top) {
    const auto& lanes = lanes_[machine];
    const double height = slot_ * static_cast<double>(std::max<std::size_t>(lanes.size(), 1));
    svg.rect({.x = axis_.left, .y = top, .width = axis_.width, .height = height}, "#7676761c");
    svg.text(axis_.left - 8, top + height / 2 + 4, fleet_.machines[machine].name, Anchor::end);
    for (std::size_t i = 0; i < lanes.size(); ++i)
      draw_lane(svg, lanes[i], top + slot_ * static_cast<double>(i));
    return height;
  }

  Box box_of(StepIndex step, double y) const {
    const Execution& execution = outcome_.steps[step];
    const double x = axis_.at(execution.began);
    const double gap = slot_ > 4 ? 1 : 0;
    return {.x = x, .y = y, .width = axis_.at(execution.ended) - x, .height = slot_ - gap};
  }

  // Neighbours of one project that are too short, or too near, to be told apart are one bar.
  void draw_lane(Svg& svg, const Lane& lane, double y) {
    std::optional<Box> open;
    std::uint32_t owner = 0;
    const auto close = [&] {
      if (open) svg.rect(*open, owner_colour(queue_, owner));
      open.reset();
    };
    for (const StepIndex step : lane) {
      const Box box = box_of(step, y);
      if (is_critical_[step]) mark(box);
      if (box.width >= kPointable) {
        close();
        draw_step(svg, step, box);
        continue;
      }
      if (open && (owners_[step] != owner || box.x - (open->x + open->width) > kVisible)) close();
      if (open) {
        open->width = std::max(open->width, box.x + box.width - open->x);
      } else {
        open = box;
        open->width = std::max(box.width, kVisible);
        owner = owners_[step];
      }
    }
    close();
  }

  void draw_step(Svg& svg, StepIndex step, Box box) const {
    const Execution& execution = outcome_.steps[step];
    box.width -= 0.8;
    svg.rect(box,
             owner_colour(queue_, owners_[step]),
             fmt::format("{}: {} from {}, ready at {}",
                         queue_.steps[step].name,
                         in_words(execution.ended - execution.began),
                         in_words(execution.began),
                         in_words(execution.ready)));
  }

  void mark(Box box) {
    box.width = std::max(box.width, 1.2);
    if (box.height > 6) {
      box.y += box.height / 2 - 2;
      box.height = 4;
    }
    marks_.push_back(box);
  }

  const Queue& queue_;
  const Fleet& fleet_;
  const Outcome& outcome_;
  std::vector<std::uint32_t> owners_;
  std::vector<std::vector<Lane>> lanes_;
  std::vector<bool> is_critical_;
  std::vector<Box> marks_;
  double slot_ = kMostSlot;
  double height_ = 0;
  TimeAxis axis_;
};

}  // namespace

std::string draw_gantt(const Queue& queue,
                       const Fleet& fleet,
                       const Outcome& outcome,
                       std::string_view title) {
  return Gantt(queue, fleet, outcome).draw(title);
}

}  // namespace firn::sim
