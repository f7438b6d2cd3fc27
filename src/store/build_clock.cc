// SPDX-License-Identifier: Apache-2.0
#include "store/build_clock.h"

#include "base/error.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;
namespace worker = wire::worker;

namespace {

Duration with_grace(std::chrono::seconds limit) {
  return limit + std::clamp<Duration>(limit / 4, 5s, 10min);
}

}  // namespace

BuildClock::BuildClock(aio::Timers& timers, const wire::BuildOptions& limits)
    : timers_(timers), timeout_(limits.build_timeout), max_silent_time_(limits.max_silent_time) {}

void BuildClock::hear(const worker::Message& message) {
  if (const auto* started = std::get_if<worker::StartActivity>(&message)) {
    if (started->type == worker::ActivityType::build) start(running_[started->id]);
  } else if (const auto* stopped = std::get_if<worker::StopActivity>(&message)) {
    running_.erase(stopped->id);
  } else if (const auto* result = std::get_if<worker::ActivityResult>(&message)) {
    const auto build = running_.find(result->id);
    if (build != running_.end()) expect_words(build->second);
  }
}

void BuildClock::start(Running& build) {
  if (timeout_ > 0s) {
    build.end = timers_.after(with_grace(timeout_), [this] {
      past_limit_.cast(
          Error(Kind::timeout, fmt::format("timed out after {} seconds", timeout_.count())));
    });
  }
  expect_words(build);
}

void BuildClock::expect_words(Running& build) {
  if (max_silent_time_ == 0s) return;
  build.end_of_silence = timers_.after(with_grace(max_silent_time_), [this] {
    was_silence_ = !past_limit_.reason();
    past_limit_.cast(
        Error(Kind::timeout,
              fmt::format("timed out after {} seconds of silence", max_silent_time_.count())));
  });
}

}  // namespace firn::store
