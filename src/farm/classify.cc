// SPDX-License-Identifier: Apache-2.0
#include "farm/classify.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace firn::farm {

using sched::FailureClass;

namespace {

bool mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

bool is_disk_full(std::string_view text) {
  return mentions(text, "No space left on device") || mentions(text, "Disk quota exceeded") ||
         mentions(text, "database or disk is full") || mentions(text, "disk I/O error");
}

/// Somebody killed the builder from outside: the out-of-memory killer, a shutdown. Other signals
/// are the build's own doing.
bool was_killed(std::string_view text) {
  for (const std::string_view words : {"due to signal 9", "due to signal 15"}) {
    const auto place = text.find(words);
    if (place == std::string_view::npos) continue;
    const auto after = text.substr(place + words.size());
    if (after.empty() || after[0] < '0' || after[0] > '9') return true;
  }
  return false;
}

/// Which limit a builder enforced. Nix 2.3 says nothing about it, and Nix 2.34 the same of both;
/// what ended before the one can only be the other.
bool was_silence(std::string_view words, const BuildTimes& times) {
  const bool was_in_time = times.timeout == times.timeout.zero() || times.took < times.timeout;
  return mentions(words, "silence") ||
         (times.max_silent_time > times.max_silent_time.zero() && was_in_time);
}

}  // namespace

FailureClass classify(const Error& error, Source source, sched::Phase phase) {
  if (error.kind() == Kind::cancelled) return FailureClass::cancelled;
  if (source == Source::destination) return FailureClass::destination_down;
  if (source == Source::origin) {
    const bool is_silent = error.kind() == Kind::unavailable || error.kind() == Kind::timeout;
    return is_silent ? FailureClass::destination_down : FailureClass::input_missing;
  }
  if (is_disk_full(error.message())) return FailureClass::disk_full;
  switch (error.kind()) {
    case Kind::timeout:
      if (phase == sched::Phase::building) return FailureClass::timed_out;
      return phase == sched::Phase::connecting ? FailureClass::machine_lost
                                               : FailureClass::transfer_stalled;
    case Kind::protocol:
    case Kind::invalid:
      return FailureClass::protocol_error;
    case Kind::permission:
      return phase == sched::Phase::sending_inputs ? FailureClass::unsigned_inputs
                                                   : FailureClass::machine_lost;
    default:
      return FailureClass::machine_lost;
  }
}

bool will_stay(Kind kind) {
  return kind == Kind::permission || kind == Kind::not_found || kind == Kind::invalid;
}

FailureClass classify(const nix::BuildResult& result, const BuildTimes& times) {
  using nix::BuildStatus;
  const std::string_view words = result.error_message;
  switch (result.status) {
    case BuildStatus::permanent_failure:
      if (is_disk_full(words)) return FailureClass::disk_full;
      return was_killed(words) ? FailureClass::transient : FailureClass::build_failed;
    case BuildStatus::input_rejected:
    case BuildStatus::output_rejected:
    case BuildStatus::cached_failure:
      return FailureClass::build_failed;
    case BuildStatus::timed_out:
      return was_silence(words, times) ? FailureClass::silent_too_long : FailureClass::timed_out;
    case BuildStatus::log_limit_exceeded:
      return FailureClass::log_too_big;
    case BuildStatus::not_deterministic:
      return FailureClass::not_deterministic;
    case BuildStatus::misc_failure:
      if (is_disk_full(words)) return FailureClass::disk_full;
      if (mentions(words, "does not exist, and substitution is disabled") ||
          mentions(words, "is not valid"))
        return FailureClass::input_missing;
      return FailureClass::transient;
    default:
      return FailureClass::transient;
  }
}

std::string line_of_full_disk(FailureClass failure, const std::vector<std::string>& log_tail) {
  if (failure != FailureClass::build_failed && failure != FailureClass::transient) return {};
  const auto line = std::ranges::find_if(log_tail, is_disk_full);
  return line == log_tail.end() ? std::string() : *line;
}

std::string reason_of(const nix::BuildResult& result) {
  std::string text = nix::strip_ansi(result.error_message);
  if (text.starts_with("error: ")) text.erase(0, 7);
  // From Nix 2.31 on the first line only says that it did not work.
  constexpr std::string_view kReason = "Reason: ";
  if (const auto at = text.find(kReason); text.starts_with("Cannot build ") && at < text.size())
    text.erase(0, at + kReason.size());
  text.resize(std::min(text.find('\n'), text.size()));
  text.resize(text.find_last_not_of("; :.") + 1);
  return text.empty() ? to_string(result.status) : text;
}

}  // namespace firn::farm
