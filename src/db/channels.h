// SPDX-License-Identifier: Apache-2.0
// The channels on which Hydra's programs speak to each other through PostgreSQL (1.11 of Hydra's
// behaviour), and what they say there.
#pragma once

#include "db/ids.h"
#include "db/transaction.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::db {

enum class Channel : std::uint8_t {
  // What the runner hears.
  builds_added,
  builds_restarted,
  builds_cancelled,
  builds_deleted,
  builds_bumped,
  jobset_shares_changed,
  dump_status,
  // What the runner says.
  status_dumped,
  step_started,
  step_finished,
  build_started,
  build_finished,
  // Between evaluator, web front end and hydra-notify.
  build_queued,
  cached_build_queued,
  cached_build_finished,
  eval_started,
  eval_added,
  eval_cached,
  eval_failed,
  jobsets_added,
  jobsets_deleted,
  jobset_scheduling_changed,
  hydra_notify_dump_metrics,
};

/// What a runner listens to for its queue (QR-060); dump_status (QR-180) is heard apart from it.
inline constexpr std::array kRunnerChannels{Channel::builds_added,
                                            Channel::builds_restarted,
                                            Channel::builds_cancelled,
                                            Channel::builds_deleted,
                                            Channel::builds_bumped,
                                            Channel::jobset_shares_changed};

/// The channel's name in PostgreSQL.
std::string_view to_string(Channel channel);
std::optional<Channel> find_channel(std::string_view name);

/// Sent when the transaction commits, for any payload below kLongestPayload.
void notify(Transaction& transaction, Channel channel, std::string_view payload = {});

/// PostgreSQL refuses payloads of 8,000 bytes and more; we stay well below (T-10).
inline constexpr std::size_t kLongestPayload = 7000;

/// `first` and the others, separated by tabs, in as many payloads as it takes: each begins with
/// `first`, none is longer than `limit`.
std::vector<std::string> split_payload(BuildId first,
                                       const std::vector<BuildId>& others,
                                       std::size_t limit = kLongestPayload);

/// "build_started": the build's id.
void notify_build_started(Transaction& transaction, BuildId build);

/// "build_finished" (QR-113): the build, and those that end because of it.
void notify_build_finished(Transaction& transaction,
                           BuildId build,
                           const std::vector<BuildId>& dependents = {});

/// "step_started" (QR-105).
void notify_step_started(Transaction& transaction, BuildId build, StepNr step);

/// "step_finished" (QR-108); without a log its place holds `-`, since an empty last field kills
/// hydra-notify's handler (QR-109, T-9).
void notify_step_finished(Transaction& transaction,
                          BuildId build,
                          StepNr step,
                          std::string_view log_file);

}  // namespace firn::db
