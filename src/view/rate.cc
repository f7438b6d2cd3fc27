// SPDX-License-Identifier: Apache-2.0
#include "view/rate.h"

#include <algorithm>

namespace firn::view {

using namespace std::chrono_literals;

namespace {

constexpr Duration kTick = 500ms;

std::int64_t tick_of(TimePoint at) {
  return at.time_since_epoch() / kTick;
}

ByteCount per_second(ByteCount bytes, Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return ByteCount(static_cast<std::uint64_t>(static_cast<double>(bytes.value()) / seconds));
}

}  // namespace

void TrafficMeter::add(const Traffic& traffic, TimePoint at) {
  if (!first_) first_ = at;
  const Tick tick = tick_of(at);
  Cell& cell = cells_.at(static_cast<std::size_t>(tick) % kTicks);
  if (cell.tick != tick) cell = {.tick = tick, .traffic = {}};
  cell.traffic += traffic;
}

/// Over the ticks that are remembered and the current one, as far as it has come; of something that
/// has only begun, over its own time.
Traffic TrafficMeter::rate(TimePoint now) const {
  if (!first_) return {};
  const Tick tick = tick_of(now);
  const Tick oldest = tick - static_cast<Tick>(kTicks) + 1;
  Traffic sum;
  for (const Cell& cell : cells_) {
    if (cell.tick >= oldest && cell.tick <= tick) sum += cell.traffic;
  }
  const Duration window = now.time_since_epoch() - oldest * kTick;
  const Duration time = std::clamp(now - *first_, 2 * kTick, window);
  return {.sent = per_second(sum.sent, time), .received = per_second(sum.received, time)};
}

}  // namespace firn::view
