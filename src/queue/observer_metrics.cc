// SPDX-License-Identifier: Apache-2.0
// The observer's second half: from what it has seen, and how the scheduler stands now, to metrics.
#include "queue/observer.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace firn::queue {

namespace {

using sched::Phase;
using sched::Standing;

/// The moment of the calendar, where `wall` is now.
WallTime calendar(TimePoint time, TimePoint now, WallTime wall) {
  return wall + std::chrono::ceil<std::chrono::seconds>(time - now);
}

std::string describe(const sched::Machine& machine, WallTime until) {
  switch (machine.standing()) {
    case Standing::free:
      return "free";
    case Standing::full:
      return "full";
    case Standing::on_trial:
      return "on trial after faults";
    case Standing::needs_transfer:
      return "waiting for a transfer slot";
    case Standing::backing_off:
      return fmt::format("backing off until {:%Y-%m-%dT%H:%M:%SZ}",
                         fmt::gmtime(until.time_since_epoch().count()));
    case Standing::probed:
      return "asked whether it is back";
    case Standing::disabled:
      return "disabled";
    case Standing::unusable:
      return fmt::format("unusable: {}", machine.unusable_reason);
  }
  return {};
}

}  // namespace

Metrics Observer::metrics(std::span<const sched::MachineSpec> machines,
                          TimePoint now,
                          WallTime wall) const {
  Metrics metrics = counts_;
  auto& status = metrics.status;
  status.time = wall;
  status.uptime = std::chrono::floor<std::chrono::seconds>(now - start_);
  status.pid = ::getpid();
  metrics.dispatcher_waiting = now - start_ - metrics.dispatcher_running;
  metrics.monitor_waiting = now - start_ - metrics.monitor_running;
  add_steps(status.steps);
  add_machines(status, machines, now);
  add_jobsets(status);
  add_census(metrics, now);
  return metrics;
}

void Observer::add_steps(StepCounts& steps) const {
  const auto& counts = scheduler_.counts();
  steps.unfinished = counts.unfinished();
  steps.runnable = std::uint64_t{counts.runnable} + counts.delayed;
  steps.waiting = steps.runnable;
  steps.active = counts.running;
  for (const auto& [id, attempt] : attempts_) {
    switch (attempt.phase) {
      case Phase::sending_inputs:
        ++steps.copying_to;
        break;
      case Phase::building:
        ++steps.building;
        break;
      case Phase::waiting_for_transfer_slot:
        ++steps.waiting_for_transfer_slot;
        break;
      case Phase::receiving_outputs:
      case Phase::publishing:
        ++steps.copying_from;
        break;
      default:
        break;
    }
  }
}

void Observer::add_machines(StatusSnapshot& status,
                            std::span<const sched::MachineSpec> machines,
                            TimePoint now) const {
  // A line that was changed is a new machine of the same name, beside the old one that only ends
  // what it runs (QR-038).
  std::set<std::string_view> named;
  for (std::size_t i = machines.size(); i-- > 0;) {
    const auto known =
        i < machines_.size() ? machines_[i] : MachineBooks{.idle_since = wall_start_};
    if (known.has_left && known.jobs == 0) continue;
    const auto& spec = machines[i];
    if (!named.insert(spec.name).second) continue;
    const auto& machine = scheduler_.machine(sched::MachineId(static_cast<std::uint32_t>(i)));
    const auto until =
        machine.back_off_until ? calendar(*machine.back_off_until, now, status.time) : WallTime();
    status.machines.push_back({.name = spec.name,
                               .is_enabled = machine.is_enabled && machine.unusable_reason.empty(),
                               .systems = spec.systems,
                               .supported_features = spec.supported_features,
                               .mandatory_features = spec.mandatory_features,
                               .current_jobs = known.jobs,
                               .steps_done = known.done,
                               .times = known.times,
                               .disabled_until = until,
                               .last_failure = known.last_failure,
                               .consecutive_failures = machine.faults,
                               .idle_since = known.idle_since,
                               .standing = describe(machine, until),
                               .last_error = known.last_error});
  }
  std::ranges::reverse(status.machines);
}

void Observer::add_jobsets(StatusSnapshot& status) const {
  const auto& shares = scheduler_.shares();
  for (const auto& named : groups_) {
    const auto seconds = static_cast<std::int64_t>(shares.seconds(named.group));
    status.jobsets.push_back({.project = named.project,
                              .jobset = named.jobset,
                              .share_used = shares.used(named.group),
                              .seconds = std::chrono::seconds(seconds)});
  }
}

void Observer::add_census(Metrics& metrics, TimePoint now) const {
  auto& status = metrics.status;
  const auto census = scheduler_.census(now);
  status.reasons = census.reasons;
  status.steps.unsupported =
      census.reasons.at(static_cast<std::size_t>(sched::Reason::unsupported));
  std::set<std::string_view> named;
  for (const auto& type : census.classes) {
    if (!named.insert(type.name).second) continue;
    const auto last = last_active_.find(type.name);
    status.machine_types.push_back(
        {.name = type.name,
         .runnable = type.ready + type.delayed,
         .running = type.running,
         .waiting = type.delayed,
         .disabled = type.disabled,
         .wait_time = type.waited,
         .last_active = last == last_active_.end() ? WallTime() : last->second});
  }
  if (census.longest_wait) metrics.oldest_runnable = now - *census.longest_wait;
}

}  // namespace firn::queue
