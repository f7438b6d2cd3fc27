// SPDX-License-Identifier: Apache-2.0
#include "view/failure_report.h"

#include "view/text.h"
#include "view/words.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include <fmt/format.h>

namespace firn::view {

namespace {

constexpr std::size_t kLogLineWidth = 400;

/// "a, b, c and 9 more".
std::string names_of(const RunModel& model,
                     const std::vector<sched::StepId>& sample,
                     std::size_t count) {
  std::string text;
  for (const auto step : sample)
    text.append(text.empty() ? "" : ", ").append(model.step_name(step));
  if (count > sample.size()) text += fmt::format(" and {} more", count - sample.size());
  return text;
}

/// The lines of `message`, each indented.
std::string indented(std::string_view message) {
  std::string text;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    const std::string line = printable(message.substr(0, end));
    if (line.find_first_not_of(' ') != std::string::npos) text += "  " + line + "\n";
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return text;
}

/// The message with the path of the derivation, which stands above it, cut down to its name.
std::string shortened(std::string message, const std::string& drv, std::string_view name) {
  for (auto at = message.find(drv); !drv.empty() && at != std::string::npos; at = message.find(drv))
    message.replace(at, drv.size(), name);
  return message;
}

/// "✗ zlib-1.3 on b2, try 5: machine lost".
std::string heading(const FailedStep& step, const RunModel& model, const Style& style) {
  const std::string attempt =
      step.try_number > 1 ? fmt::format(", try {}", step.try_number) : std::string();
  const std::string_view failure = step.failure            ? sched::to_string(*step.failure)
                                   : step.is_build_failure ? "failed"
                                                           : "aborted";
  return fmt::format("{} {} on {}{}: {}",
                     paint(style, Role::bad, signs_of(style).failed),
                     paint(style, Role::strong, model.step_name(step.step)),
                     model.machine(step.machine).short_name,
                     attempt,
                     paint(style, step.is_build_failure ? Role::bad : Role::warning, failure));
}

std::string log_part(const FailedStep& step, const Style& style) {
  std::string text;
  if (!step.log_tail.empty()) text += "  the last lines of its log:\n";
  for (const std::string& line : step.log_tail) {
    text += "  " + paint(style, Role::dim, signs_of(style).log_margin);
    text += cut_end(printable(line), kLogLineWidth, style) + "\n";
  }
  if (!step.log_file.empty()) return text + "  the whole log: " + step.log_file + "\n";
  if (!step.log_tail.empty()) return text;
  return step.has_built ? "  the build printed nothing\n" : "  the build had not begun: no log\n";
}

std::string fallen_part(const RunModel& model,
                        const std::vector<sched::StepId>& sample,
                        std::size_t count) {
  if (count == 0) return {};
  const std::string names = sample.empty() ? "" : ": " + names_of(model, sample, count);
  return fmt::format("  {} fell with it{}\n", counted(count, "step"), names);
}

std::string in_full(const FailedStep& step, const RunModel& model, const Style& style) {
  const std::string drv = model.drv_path(step.step);
  return "\n" + heading(step, model, style) + "\n  " + paint(style, Role::dim, drv) + "\n" +
         indented(shortened(step.message, drv, model.step_name(step.step))) +
         log_part(step, style) + fallen_part(model, step.fallen_sample, step.fallen);
}

std::string in_short(const FailedStep& step, const RunModel& model, const Style& style) {
  const std::string log = step.log_file.empty() ? "" : ", log: " + step.log_file;
  return heading(step, model, style) + log + "\n";
}

std::string given_up(const GivenUpSteps& steps, const RunModel& model, const Style& style) {
  const std::string what = steps.count == 1 ? std::string(model.step_name(steps.sample.front()))
                                            : counted(steps.count, "step");
  std::string text = fmt::format("\n{} {}: {}\n",
                                 paint(style, Role::bad, signs_of(style).failed),
                                 paint(style, Role::strong, what),
                                 paint(style, Role::warning, "given up"));
  text += indented(steps.reason);
  text += steps.count == 1
              ? "  " + paint(style, Role::dim, model.drv_path(steps.sample.front())) + "\n"
              : "  " + names_of(model, steps.sample, steps.count) + "\n";
  return text + fallen_part(model, {}, steps.fallen);
}

/// Builds' own failures first, and of these the ones that took most with them.
std::vector<const FailedStep*> in_order(const RunModel& model) {
  std::vector<const FailedStep*> steps;
  for (const FailedStep& step : model.failures())
    steps.push_back(&step);
  // Among equals, the order in which they failed is that of their addresses.
  std::ranges::sort(steps, std::less(), [](const FailedStep* step) {
    return std::tuple(!step->is_build_failure, ~step->fallen, step);
  });
  return steps;
}

}  // namespace

std::string failure_report(const RunModel& model, const Style& style) {
  const StepTally& tally = model.steps();
  if (tally.failed == 0) return {};
  std::string text = "\n" + paint(style, Role::bad, counted(tally.failed, "step") + " failed");
  if (tally.fallen > 0)
    text += fmt::format(", {} fell with {}", tally.fallen, tally.failed == 1 ? "it" : "them");
  text += "\n";
  const auto steps = in_order(model);
  const std::size_t full = std::min(steps.size(), kKeptLogTails);
  std::size_t told = steps.size();
  for (std::size_t i = 0; i < full; ++i)
    text += in_full(*steps[i], model, style);
  if (full < steps.size()) text += "\n";
  for (std::size_t i = full; i < steps.size(); ++i)
    text += in_short(*steps[i], model, style);
  for (const GivenUpSteps& group : model.given_up()) {
    text += given_up(group, model, style);
    told += group.count;
  }
  if (told < tally.failed)
    text += fmt::format("\nand {} failed\n", counted(tally.failed - told, "more step"));
  return text;
}

}  // namespace firn::view
