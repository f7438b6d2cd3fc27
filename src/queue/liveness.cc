// SPDX-License-Identifier: Apache-2.0
#include "queue/liveness.h"

#include <utility>

#include <fmt/format.h>

namespace firn::queue {

namespace {

std::string describe(const sched::Scheduler& scheduler,
                     const sched::Match& match,
                     Duration length,
                     TimePoint now) {
  const auto& machine = scheduler.machine(match.machine);
  const auto& counts = scheduler.counts();
  const auto wakeup = scheduler.next_wakeup();
  return fmt::format(
      "alarm: step {} ({}) could have been started on {} for {} s and was not; this is a fault of "
      "firn: please report it with this line. The step {}; the machine uses {} of {} slots; steps: "
      "{} waiting, {} ready, {} delayed, {} running; next wake-up {}",
      match.step.value(),
      scheduler.name(match.step),
      machine.name,
      std::chrono::floor<std::chrono::seconds>(length).count(),
      explain(scheduler.why(match.step), now),
      machine.occupied(),
      machine.max_jobs,
      counts.waiting,
      counts.runnable,
      counts.delayed,
      counts.running,
      wakeup ? fmt::format("in {} ms",
                           std::chrono::floor<std::chrono::milliseconds>(*wakeup - now).count())
             : std::string("none"));
}

}  // namespace

std::optional<std::string> Liveness::look(const sched::Scheduler& scheduler, TimePoint now) {
  const auto match = scheduler.startable();
  // Who has not looked for long has seen nothing: the whole process stood still.
  const bool has_slept = now - std::exchange(last_look_, now) > kLongestIdleMatch / 2;
  if (!match || match->step != step_ || has_slept) {
    step_ = match ? std::optional(match->step) : std::nullopt;
    since_ = now;
    is_told_ = false;
    return std::nullopt;
  }
  if (now - since_ <= kLongestIdleMatch || std::exchange(is_told_, true)) return std::nullopt;
  return describe(scheduler, *match, now - since_, now);
}

}  // namespace firn::queue
