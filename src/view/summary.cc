// SPDX-License-Identifier: Apache-2.0
#include "view/summary.h"

#include "view/text.h"
#include "view/words.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::view {

namespace {

constexpr std::size_t kNameWidth = 40;
constexpr std::size_t kNumberWidth = 10;

std::string how_it_ended(const RunModel& model, TimePoint now) {
  const StepTally& steps = model.steps();
  const std::string time = in_words(model.elapsed(now));
  if (!model.is_planned()) return "stopped before there was a plan";
  if (steps.total == 0) {
    return fmt::format("nothing to build: {} there already",
                       counted(model.already_valid(), "derivation"));
  }
  const std::string all = counted(steps.total, "step");
  if (model.was_interrupted() || !model.has_ended())
    return fmt::format("stopped after {}: {} of {} built", time, steps.built, all);
  if (steps.built == steps.total) return fmt::format("{} built in {}", all, time);
  return fmt::format("{} of {} built in {}", steps.built, all, time);
}

std::string what_else(const RunModel& model) {
  const StepTally& steps = model.steps();
  std::vector<std::string> parts;
  if (steps.failed > 0) parts.push_back(fmt::format("{} failed", steps.failed));
  if (steps.fallen > 0)
    parts.push_back(
        fmt::format("{} fell with {}", steps.fallen, steps.failed == 1 ? "it" : "them"));
  if (steps.cancelled > 0) parts.push_back(fmt::format("{} cancelled", steps.cancelled));
  const std::size_t untried = steps.waiting() + steps.running;
  if (untried > 0 && model.is_planned()) parts.push_back(fmt::format("{} not tried", untried));
  return parts.empty() ? "" : fmt::format("; {}", fmt::join(parts, ", "));
}

std::string headline(const RunModel& model, TimePoint now, const Style& style) {
  const StepTally& steps = model.steps();
  const bool is_good = model.has_ended() && steps.built == steps.total;
  const Role role = steps.failed > 0 ? Role::bad : is_good ? Role::good : Role::warning;
  return paint(style, role, how_it_ended(model, now)) + what_else(model) + "\n";
}

std::string traffic_line(const Traffic& traffic) {
  return traffic == Traffic()
             ? ""
             : fmt::format(
                   "sent {}, received {}\n", in_words(traffic.sent), in_words(traffic.received));
}

bool has_worked(const MachineRecord& machine) {
  return machine.built + machine.failed > 0;
}

std::string machine_table(const RunModel& model, const Style& style) {
  constexpr std::size_t kColumn = kNumberWidth;
  std::size_t name_width = std::string_view("machine").size();
  for (const MachineRecord& machine : model.machines()) {
    if (has_worked(machine))
      name_width = std::clamp(display_width(machine.short_name), name_width, kNameWidth);
  }
  const std::size_t first = 2 + name_width;
  Line head(style);
  head.skip_to(2).put("machine", Role::dim);
  std::size_t column = first;
  for (const std::string_view title : {"built", "failed", "sent", "received"})
    head.put_right(column += kColumn, title, Role::dim);
  std::string text = "\n" + head.text() + "\n";
  for (const MachineRecord& machine : model.machines()) {
    if (!has_worked(machine)) continue;
    Line row(style);
    row.skip_to(2).put(cut_middle(machine.short_name, name_width, style));
    row.put_right(first + kColumn, std::to_string(machine.built));
    row.put_right(first + 2 * kColumn,
                  std::to_string(machine.failed),
                  machine.failed > 0 ? Role::bad : Role::dim);
    row.put_right(first + 3 * kColumn, in_words(machine.traffic.sent));
    row.put_right(first + 4 * kColumn, in_words(machine.traffic.received));
    text += row.text() + "\n";
  }
  return text;
}

std::string idle_machines(const RunModel& model) {
  const auto idle = std::ranges::count_if(
      model.machines(), [](const MachineRecord& machine) { return !has_worked(machine); });
  return idle == 0 ? ""
                   : fmt::format("  {} had no work\n",
                                 counted(static_cast<std::size_t>(idle), "machine"));
}

std::string slowest_table(const RunModel& model, const Style& style) {
  std::size_t name_width = std::string_view("slowest steps").size();
  for (const SlowStep& step : model.slowest())
    name_width = std::clamp(display_width(model.step_name(step.step)), name_width, kNameWidth);
  Line head(style);
  std::string text = "\n" + head.skip_to(2).put("slowest steps", Role::dim).text() + "\n";
  for (const SlowStep& step : model.slowest()) {
    Line row(style);
    row.skip_to(2).put(cut_middle(model.step_name(step.step), name_width, style));
    row.put_right(2 + name_width + kNumberWidth + 2, in_words(step.time));
    row.put("  ").put(model.machine(step.machine).short_name, Role::dim);
    text += row.text() + "\n";
  }
  return text;
}

}  // namespace

std::string summary(const RunModel& model, TimePoint now, const Style& style) {
  std::string text = headline(model, now, style) + traffic_line(model.traffic());
  if (std::ranges::any_of(model.machines(), has_worked))
    text += machine_table(model, style) + idle_machines(model);
  if (model.slowest().size() > 1) text += slowest_table(model, style);
  return text;
}

}  // namespace firn::view
