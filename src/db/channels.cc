// SPDX-License-Identifier: Apache-2.0
#include "db/channels.h"

#include <algorithm>

#include <fmt/format.h>

namespace firn::db {

namespace {

constexpr std::array<std::string_view, 23> kNames{"builds_added",
                                                  "builds_restarted",
                                                  "builds_cancelled",
                                                  "builds_deleted",
                                                  "builds_bumped",
                                                  "jobset_shares_changed",
                                                  "dump_status",
                                                  "status_dumped",
                                                  "step_started",
                                                  "step_finished",
                                                  "build_started",
                                                  "build_finished",
                                                  "build_queued",
                                                  "cached_build_queued",
                                                  "cached_build_finished",
                                                  "eval_started",
                                                  "eval_added",
                                                  "eval_cached",
                                                  "eval_failed",
                                                  "jobsets_added",
                                                  "jobsets_deleted",
                                                  "jobset_scheduling_changed",
                                                  "hydra_notify_dump_metrics"};
static_assert(kNames.size() == static_cast<std::size_t>(Channel::hydra_notify_dump_metrics) + 1);

}  // namespace

std::string_view to_string(Channel channel) {
  return kNames.at(static_cast<std::size_t>(channel));
}

std::optional<Channel> find_channel(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Channel>(found - kNames.begin());
}

void notify(Transaction& transaction, Channel channel, std::string_view payload) {
  if (payload.size() > kLongestPayload)
    throw Bug(fmt::format(
        "a notification of {} bytes for {}: split it", payload.size(), to_string(channel)));
  transaction.connection().notify(to_string(channel), payload);
}

std::vector<std::string> split_payload(BuildId first,
                                       const std::vector<BuildId>& others,
                                       std::size_t limit) {
  const auto head = std::to_string(first.value());
  std::vector<std::string> payloads{head};
  for (const auto other : others) {
    const auto field = fmt::format("\t{}", other.value());
    if (payloads.back().size() + field.size() > limit) payloads.push_back(head);
    payloads.back() += field;
  }
  return payloads;
}

void notify_build_started(Transaction& transaction, BuildId build) {
  notify(transaction, Channel::build_started, std::to_string(build.value()));
}

void notify_build_finished(Transaction& transaction,
                           BuildId build,
                           const std::vector<BuildId>& dependents) {
  for (const auto& payload : split_payload(build, dependents))
    notify(transaction, Channel::build_finished, payload);
}

void notify_step_started(Transaction& transaction, BuildId build, StepNr step) {
  notify(transaction, Channel::step_started, fmt::format("{}\t{}", build.value(), step.value()));
}

void notify_step_finished(Transaction& transaction,
                          BuildId build,
                          StepNr step,
                          std::string_view log_file) {
  notify(transaction,
         Channel::step_finished,
         fmt::format("{}\t{}\t{}", build.value(), step.value(), log_file.empty() ? "-" : log_file));
}

}  // namespace firn::db
