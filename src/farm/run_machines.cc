// SPDX-License-Identifier: Apache-2.0
// The machines of a run that come and go while it goes on, and those that come back.
#include "aio/errors.h"
#include "farm/classify.h"
#include "farm/machine_changes.h"
#include "farm/probe.h"
#include "farm/run.h"

#include <set>
#include <string>
#include <utility>

namespace firn::farm {

void Run::change_machines(const std::vector<nix::Machine>& machines, const Reach& reach) {
  std::vector<sched::MachineId> ids;
  std::vector<nix::Machine> before;
  for (const auto& machine : machines_) {
    // What was given up is tried again: somebody may have mended it.
    const bool is_given_up = machine->description.max_jobs > 0 &&
                             !scheduler_.machine(machine->id).unusable_reason.empty();
    if (machine->is_leaving || is_given_up) continue;
    ids.push_back(machine->id);
    before.push_back(machine->description);
  }
  const auto changes = changes_between(before, machines);
  // What cannot be reached must not cost what is there.
  std::vector<ReachedMachine> reached;
  reached.reserve(changes.changed.size() + changes.added.size());
  for (const auto& changed : changes.changed)
    reached.push_back(reach(changed.after));
  for (const auto& machine : changes.added)
    reached.push_back(reach(machine));
  for (auto& machine : reached)
    announce(add_machine(std::move(machine)));
  for (const auto& changed : changes.changed)
    let_leave(ids.at(changed.before), "its line in the machines file has changed");
  for (const auto place : changes.removed)
    let_leave(ids.at(place), "it is no longer in the machines file");
  changed_.notify_all();
}

void Run::announce(sched::MachineId id) {
  const auto& spec = specs_.at(id.value());
  if (events_ == nullptr) return;
  events_->on(MachineAdded{.machine = {.id = id, .name = spec.name, .max_jobs = spec.max_jobs},
                           .at = now()});
}

/// What it runs goes on. Steps that no other machine can do wait for one, but not for ever.
void Run::let_leave(sched::MachineId id, std::string reason) {
  auto& machine = *machines_.at(id.value());
  machine.is_leaving = true;
  machine.departure.cast(Error(Kind::cancelled, reason));
  scheduler_.set_machine_enabled(id, false);
  if (events_ != nullptr)
    events_->on(MachineOut{
        .machine = id, .reason = reason, .until = std::nullopt, .at = now(), .is_leaving = true});
  farewells_.push_back(
      loop_.timers().after(options_.limits.machine_return, [this, id, reason = std::move(reason)] {
        const auto ended = scheduler_.set_machine_unusable(id, reason);
        tell_ended(*events_,
                   ended,
                   sched::StepState::aborted,
                   specs_.at(id.value()).name + ": " + reason,
                   now());
        changed_.notify_all();
      }));
}

void Run::give_up(sched::MachineId id, const std::string& reason) {
  const auto ended = scheduler_.set_machine_unusable(id, reason);
  events_->on(MachineOut{.machine = id, .reason = reason, .until = std::nullopt, .at = now()});
  tell_ended(*events_, ended, sched::StepState::aborted, reason, now());
}

aio::Task<void> Run::probe(sched::MachineId id) {
  auto& machine = *machines_.at(id.value());
  std::exception_ptr error;
  try {
    co_await aio::unless(machine.departure, farm::probe(loop_, machine, options_.limits));
    scheduler_.probe_succeeded(id);
  } catch (const Bug&) {
    fatal_ = std::current_exception();
  } catch (...) {
    error = std::current_exception();
  }
  if (error) book_probe(id, aio::to_error(error));
  changed_.notify_all();
}

/// Says nothing of a probe that was cancelled: the machine has left, or the run ends.
void Run::book_probe(sched::MachineId id, const Error& failure) {
  if (failure.kind() == Kind::cancelled) return;
  const std::string reason = failure.what();
  if (will_stay(failure.kind())) return give_up(id, reason);
  const auto failed = scheduler_.probe_failed(id, reason, now());
  events_->on(MachineOut{.machine = id, .reason = reason, .until = failed.out_until, .at = now()});
  tell_ended(*events_, failed.ended, sched::StepState::aborted, reason, now());
}

void Run::drain(const std::set<std::string>& names) {
  for (auto& machine : machines_) {
    const bool is_drained = names.contains(name_of(machine->description));
    if (machine->is_drained == is_drained) continue;
    machine->is_drained = is_drained;
    scheduler_.set_machine_enabled(machine->id, machine->takes_work());
  }
  changed_.notify_all();
}

}  // namespace firn::farm
