// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_words.h"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

std::string_view word_for(db::Status status) {
  switch (status) {
    case db::Status::success:
      return "success";
    case db::Status::failed:
      return "failed";
    case db::Status::dependency_failed:
      return "dependency_failed";
    case db::Status::aborted:
      return "aborted";
    case db::Status::cancelled:
      return "cancelled";
    case db::Status::failed_with_output:
      return "failed_with_output";
    case db::Status::timed_out:
      return "timed_out";
    case db::Status::cached_failure:
      return "cached_failure";
    case db::Status::unsupported:
      return "unsupported";
    case db::Status::log_limit_exceeded:
      return "log_limit_exceeded";
    case db::Status::nar_size_limit_exceeded:
      return "nar_size_limit_exceeded";
    case db::Status::not_deterministic:
      return "not_deterministic";
    case db::Status::resolved:
      return "resolved";
  }
  return "unknown";
}

std::string_view word_for(db::StepState state) {
  switch (state) {
    case db::StepState::finished:
      return "finished";
    case db::StepState::preparing:
      return "preparing";
    case db::StepState::connecting:
      return "connecting";
    case db::StepState::sending_inputs:
      return "sending_inputs";
    case db::StepState::building:
      return "building";
    case db::StepState::waiting_for_local_slot:
      return "waiting_for_local_slot";
    case db::StepState::receiving_outputs:
      return "receiving_outputs";
    case db::StepState::post_processing:
      return "post_processing";
  }
  return "unknown";
}

std::string spoken(std::string_view word) {
  std::string text(word);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string utc(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time.time_since_epoch().count()));
}

std::string roughly(WallTime from, WallTime to) {
  const auto seconds = std::max<std::int64_t>(0, (to - from).count());
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (seconds < kMinute) return fmt::format("{}s", seconds);
  if (seconds < kHour) return fmt::format("{}min", seconds / kMinute);
  if (seconds < 2 * kDay) return fmt::format("{}h", seconds / kHour);
  return fmt::format("{}d", seconds / kDay);
}

void write_line(std::ostream& out, const nlohmann::json& object) {
  out << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace firn::cli
