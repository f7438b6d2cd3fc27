// SPDX-License-Identifier: Apache-2.0
#include "sched/why.h"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace firn::sched {

namespace {

constexpr std::array<std::string_view, kReasonCount> kReasons{
    "succeeded",
    "failed",
    "aborted",
    "dependency_failed",
    "cancelled",
    "running",
    "unsupported",
    "machines_unusable",
    "dependencies",
    "stopped",
    "paused",
    "backing_off",
    "machines_full",
    "share_used",
    "machines_need_transfer",
    "machines_backing_off",
    "machines_disabled",
    "next",
};

std::string time_left(const WhyNot& why, TimePoint now) {
  if (!why.until || *why.until <= now) return "now";
  const auto left = std::chrono::ceil<std::chrono::seconds>(*why.until - now);
  return fmt::format("in {} s", left.count());
}

std::string tries(std::uint32_t count) {
  return count == 1 ? "1 try" : fmt::format("{} tries", count);
}

std::string listed(const WhyNot& why) {
  std::string text;
  for (const std::string& name : why.step_names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  const std::size_t more = why.steps.size() - why.step_names.size();
  return more == 0 ? text : fmt::format("{} and {} more", text, more);
}

std::string explain_end(const WhyNot& why) {
  const std::string_view failure = why.last_failure ? to_string(*why.last_failure) : "unknown";
  switch (why.reason) {
    case Reason::succeeded:
      return "is done";
    case Reason::failed:
      return fmt::format("failed: {}, after {}", failure, tries(why.tries));
    case Reason::aborted:
      if (!why.detail.empty()) return fmt::format("was aborted: {}", why.detail);
      return fmt::format("was aborted: {}, after {}", failure, tries(why.tries));
    case Reason::dependency_failed:
      if (why.steps.empty()) return "can't be built: a step that it needs did not succeed";
      return fmt::format("can't be built: {} {}", listed(why), why.detail);
    default:
      return why.steps.empty() ? "was cancelled"
                               : fmt::format("was cancelled with {}", listed(why));
  }
}

std::string explain_unsupported(const WhyNot& why) {
  if (why.machine.empty())
    return fmt::format("no machine offers {}: there are no machines", why.needs);
  return fmt::format(
      "no machine offers {}; the nearest, {}, {}", why.needs, why.machine, why.detail);
}

// "3 machines could take it: 2 full, 1 in back-off".
std::string standings(const MachineTally& tally) {
  const std::array<std::pair<std::uint32_t, std::string_view>, 9> parts{{
      {tally.full, "full"},
      {tally.on_trial, "on trial after faults"},
      {tally.need_transfer, "waiting for a transfer slot"},
      {tally.tried, "tried before"},
      {tally.backing_off, "in back-off"},
      {tally.probed, "asked whether it is back"},
      {tally.disabled, "disabled"},
      {tally.unusable, "unusable"},
      {tally.free, "free"},
  }};
  std::string text;
  for (const auto& [count, word] : parts) {
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  }
  return fmt::format(
      "{} {} could take it: {}", tally.able, tally.able == 1 ? "machine" : "machines", text);
}

std::string explain_dependencies(const WhyNot& why) {
  const auto steps = [](std::size_t count) {
    return fmt::format("{} {}", count, count == 1 ? "step" : "steps");
  };
  if (why.depth < 2) return fmt::format("waits for {}: {}", steps(why.steps.size()), listed(why));
  return fmt::format("waits for {}, {} of them directly: {}; the deepest is {}, {} levels down",
                     steps(why.all_dependencies),
                     why.steps.size(),
                     listed(why),
                     why.deepest_name,
                     why.depth);
}

std::string explain_retry(const WhyNot& why, TimePoint now) {
  if (!why.last_failure) return fmt::format("is tried again {}", time_left(why, now));
  return fmt::format("is tried again {}, after {}: {}",
                     time_left(why, now),
                     tries(why.tries),
                     to_string(*why.last_failure));
}

}  // namespace

std::string_view to_string(Reason reason) {
  return kReasons.at(static_cast<std::size_t>(reason));
}

std::string explain(const WhyNot& why, TimePoint now) {
  switch (why.reason) {
    case Reason::running:
      return fmt::format("is {} on {}, try {}", to_string(why.phase), why.machine, why.tries);
    case Reason::unsupported:
      return explain_unsupported(why);
    case Reason::machines_unusable:
      return fmt::format("no usable machine offers {}; {}: {}", why.needs, why.machine, why.detail);
    case Reason::dependencies:
      return explain_dependencies(why);
    case Reason::stopped:
      return "is not started: a build failed, and keep-going is off";
    case Reason::paused:
      return fmt::format("is not started: dispatch is paused, {}", why.detail);
    case Reason::backing_off:
      return explain_retry(why, now);
    case Reason::machines_full:
      return fmt::format("waits for a slot; {}", standings(why.machines));
    case Reason::share_used:
      return fmt::format("waits for a slot behind others who have used less of their share; {}",
                         standings(why.machines));
    case Reason::machines_need_transfer:
      return fmt::format("waits for a transfer slot; {}", standings(why.machines));
    case Reason::machines_backing_off:
      return fmt::format(
          "waits for {}, which is {}; {}",
          why.machine,
          why.until ? "asked again " + time_left(why, now) : "asked whether it is back",
          standings(why.machines));
    case Reason::machines_disabled:
      return fmt::format("waits for a disabled machine; {}", standings(why.machines));
    case Reason::next:
      return "is next";
    default:
      return explain_end(why);
  }
}

}  // namespace firn::sched
