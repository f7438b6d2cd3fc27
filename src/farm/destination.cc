// SPDX-License-Identifier: Apache-2.0
#include "farm/destination.h"

#include "aio/errors.h"
#include "aio/phase.h"
#include "farm/tiny_path.h"

#include <chrono>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace firn::farm {

using namespace std::chrono_literals;

namespace {

constexpr sched::BackOff kPause{.first = 1s, .factor = 2, .limit = 15s, .jitter = 0.25};

/// Why there was no answer; none where there was one.
aio::Task<std::optional<Error>> ask(aio::Loop& loop, store::Store& store, Duration limit) {
  try {
    co_await aio::within(loop,
                         "asking the local store whether it is there",
                         limit,
                         store.valid({make_tiny_path("firn-probe").info.path}));
    co_return std::nullopt;
  } catch (const Bug&) {
    throw;
  } catch (...) {
    Error error = aio::to_error(std::current_exception());
    if (error.kind() == Kind::cancelled) throw;
    co_return error;
  }
}

}  // namespace

aio::Task<void> until_it_answers(aio::Loop& loop,
                                 store::Store& store,
                                 const Limits& limits,
                                 sched::Random& random,
                                 const std::function<void(const Error&)>& tell) {
  const TimePoint began = loop.timers().now();
  for (std::uint32_t repeats = 0;; ++repeats) {
    const auto failure = co_await ask(loop, store, limits.query_stall);
    if (!failure) co_return;
    if (loop.timers().now() - began >= limits.destination_outage) {
      throw Error(
          Kind::unavailable,
          fmt::format("the run is broken off: the local store has not answered for {} s; {}",
                      std::chrono::ceil<std::chrono::seconds>(limits.destination_outage).count(),
                      failure->what()));
    }
    tell(*failure);
    co_await aio::sleep_for(loop, kPause.delay(repeats, random));
  }
}

}  // namespace firn::farm
