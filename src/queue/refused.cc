// SPDX-License-Identifier: Apache-2.0
#include "queue/refused.h"

#include <type_traits>
#include <utility>
#include <variant>

namespace firn::queue {

namespace {

constexpr std::string_view kRefused = "the database refused what was to be written here: ";

std::string in_words(const std::string& reason) {
  return std::string(kRefused) + reason;
}

/// It may be one of them that is refused.
std::vector<Change> one_by_one(const BuildsEnded& ended) {
  std::vector<Change> changes;
  changes.reserve(ended.builds.size());
  for (const auto& build : ended.builds)
    changes.emplace_back(
        BuildsEnded{.builds = {build}, .products = ended.products, .metrics = ended.metrics});
  return changes;
}

std::vector<Change> aborted(const BuildsEnded& ended) {
  const auto& build = ended.builds.front();
  if (build.status == db::Status::aborted) return {};
  return {BuildsEnded{.builds = {{.id = build.id,
                                  .status = db::Status::aborted,
                                  .start = build.start,
                                  .stop = build.stop,
                                  .size = std::nullopt,
                                  .closure_size = std::nullopt,
                                  .notification_pending_since = build.notification_pending_since}},
                      .products = {},
                      .metrics = {}}};
}

}  // namespace

std::string_view name_of(const Change& change) {
  return std::visit(
      [](const auto& c) -> std::string_view {
        using T = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<T, BuildStarted>) return "the begin of a build";
        if constexpr (std::is_same_v<T, StepStarted>) return "the begin of a step";
        if constexpr (std::is_same_v<T, StepProgressed>) return "the state of a step";
        if constexpr (std::is_same_v<T, StepFinished>) return "the end of a step";
        if constexpr (std::is_same_v<T, StepInherited>) return "a step";
        if constexpr (std::is_same_v<T, BuildsEnded>) return "the end of a build";
        if constexpr (std::is_same_v<T, FailureRemembered>) return "a failure to remember";
      },
      change);
}

std::vector<Change> instead_of(Change change, const std::string& reason) {
  if (auto* finished = std::get_if<StepFinished>(&change)) {
    auto& step = finished->step;
    if (step.error_message.starts_with(kRefused)) return {};
    step.machine.clear();
    step.log_file.clear();
    step.outputs.clear();
    step.error_message = in_words(reason);
    return {std::move(change)};
  }
  if (auto* inherited = std::get_if<StepInherited>(&change)) {
    if (inherited->step.error_message.starts_with(kRefused)) return {};
    inherited->step.outputs.clear();
    inherited->step.propagated_from.reset();
    inherited->step.error_message = in_words(reason);
    return {std::move(change)};
  }
  const auto* ended = std::get_if<BuildsEnded>(&change);
  if (ended == nullptr || ended->builds.empty()) return {};
  return ended->builds.size() > 1 ? one_by_one(*ended) : aborted(*ended);
}

}  // namespace firn::queue
