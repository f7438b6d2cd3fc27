// SPDX-License-Identifier: Apache-2.0
// A run whose own store is down: nothing is started until it answers.
#include "aio/errors.h"
#include "farm/destination.h"
#include "farm/run.h"

#include <utility>

namespace firn::farm {

/// Before anything else fails in the same way.
void Run::doubt_destination(const std::string& reason) {
  if (probes_ == nullptr || std::exchange(is_destination_in_doubt_, true)) return;
  scheduler_.pause(sched::Pauser::farm, reason);
  probes_->spawn(&Run::await_destination, *this);
}

aio::Task<void> Run::await_destination() {
  sched::Random random(options_.scheduling.seed);
  try {
    co_await until_it_answers(loop_, store_, options_.limits, random, [this](const Error& failure) {
      tell_outage(failure);
    });
    scheduler_.resume(sched::Pauser::farm);
    is_destination_in_doubt_ = false;
    if (std::exchange(is_outage_told_, false)) events_->on(DispatchResumed{.at = now()});
  } catch (...) {
    if (aio::to_error(std::current_exception()).kind() != Kind::cancelled)
      fatal_ = std::current_exception();
  }
  changed_.notify_all();
}

/// Whoever fails to add a path but answers questions is not down.
void Run::tell_outage(const Error& failure) {
  if (std::exchange(is_outage_told_, true)) return;
  const std::string reason = failure.what();
  scheduler_.pause(sched::Pauser::farm, reason);
  events_->on(DispatchPaused{.reason = reason, .at = now()});
}

}  // namespace firn::farm
