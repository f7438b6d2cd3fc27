// SPDX-License-Identifier: Apache-2.0
#include "farm/run.h"

#include "aio/phase.h"

#include <algorithm>
#include <utility>

namespace firn::farm {

using namespace std::chrono_literals;

namespace {

constexpr Duration kTellEvery = 250ms;
constexpr Duration kCloseLimit = 20s;
constexpr Duration kLogLimit = 20s;

}  // namespace

Run::Run(aio::Loop& loop,
         store::Store& store,
         Orders& orders,
         std::vector<ReachedMachine> machines,
         RunOptions options)
    : loop_(loop),
      store_(store),
      orders_(orders),
      options_(std::move(options)),
      scheduler_(options_.scheduling, options_.journal),
      infos_(store),
      logs_(loop, options_.log_folder, options_.log_limits),
      mark_(store),
      context_{.loop = loop,
               .store = store,
               .infos = infos_,
               .mark = mark_,
               .options = options_,
               .orders = orders_,
               .logs = logs_,
               .store_is_trusting = true,
               .host = *this} {
  for (auto& reached : machines)
    add_machine(std::move(reached));
}

Run::~Run() = default;

sched::MachineId Run::add_machine(ReachedMachine reached) {
  specs_.push_back(spec_for(reached.machine, options_.own_system));
  const auto id = scheduler_.add_machine(specs_.back());
  machines_.push_back(
      std::make_unique<BuildMachine>(loop_, id, std::move(reached), options_.sessions));
  return id;
}

bool Run::has_remote_machines() const {
  return std::ranges::any_of(machines_, [](const auto& machine) { return !machine->local; });
}

aio::Task<void> Run::execute(EventSink& events, Until until) {
  events_ = &events;
  context_.store_is_trusting = co_await store_.is_trusting();
  std::exception_ptr error;
  try {
    co_await drive(until);
  } catch (...) {
    error = std::current_exception();
  }
  farewells_.clear();
  events_ = nullptr;
  try {
    co_await aio::shielded(loop_, "closing sessions", kCloseLimit, close_sessions());
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  co_await logs_.close(kLogLimit);
  if (error) std::rethrow_exception(error);
}

/// Dispatches until nothing is left to do. Attempts end before this does, whichever way it ends.
aio::Task<void> Run::drive(Until until) {
  aio::Scope attempts(loop_);
  aio::Scope probes(loop_);
  aio::Scope telling(loop_);
  attempts_ = &attempts;
  probes_ = &probes;
  telling.spawn(&Run::tell_transfers, *this);
  std::exception_ptr error;
  try {
    const auto is_over = [&] { return until == Until::settled && scheduler_.is_settled(); };
    while (!interrupted_ && !fatal_ && !is_over()) {
      const TimePoint began = now();
      carry_out(scheduler_.dispatch(began));
      orders_.dispatched(now() - began);
      if (is_over()) break;
      aio::Timers::Entry alarm;
      const auto wakeup = scheduler_.next_wakeup();
      if (wakeup)
        alarm = loop_.timers().after(std::max(*wakeup - now(), Duration(1ms)),
                                     [this] { changed_.notify_all(); });
      co_await changed_.wait();
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (fatal_) error = fatal_;
  if (!interrupted_ && !error && attempts.size() > 0) co_await attempts.join();
  attempts_ = nullptr;
  probes_ = nullptr;
  co_await attempts.close();
  co_await probes.close();
  co_await telling.close();
  if (error) std::rethrow_exception(error);
}

void Run::cancel(sched::StepId step) {
  auto ended = scheduler_.cancel(step);
  for (const auto attempt : ended.to_stop)
    running_.at(attempt).attempt->cancel();
  ended.steps.insert(ended.steps.end(), ended.fallen.begin(), ended.fallen.end());
  ended.fallen.clear();
  tell_ended(*events_, ended, sched::StepState::cancelled, "cancelled", now());
  changed_.notify_all();
}

void Run::interrupt() {
  interrupted_ = true;
  changed_.notify_all();
}

void Run::carry_out(const sched::Decisions& decisions) {
  for (const auto id : decisions.probes)
    probes_->spawn(&Run::probe, *this, id);
  for (const auto id : decisions.transfers) {
    auto& running = running_.at(id);
    running.may_transfer = true;
    running.transfer->notify_all();
    events_->on(PhaseEntered{.attempt = id, .phase = sched::Phase::receiving_outputs, .at = now()});
  }
  for (const auto& assignment : decisions.assignments) {
    events_->on(AttemptStarted{.attempt = assignment.attempt,
                               .step = assignment.step,
                               .machine = assignment.machine,
                               .try_number = assignment.try_number,
                               .at = now()});
    attempts_->spawn(&Run::attempt, *this, assignment);
  }
}

aio::Task<void> Run::attempt(sched::Assignment assignment) {
  auto& machine = *machines_.at(assignment.machine.value());
  auto& running = running_[assignment.attempt];
  running.transfer = std::make_unique<aio::WaitQueue>();
  running.attempt =
      std::make_unique<Attempt>(context_, assignment.attempt, assignment.step, machine);
  try {
    auto outcome = co_await running.attempt->run();
    running_.erase(assignment.attempt);
    book(assignment, std::move(outcome));
  } catch (...) {
    // Only a bug of ours comes here; it ends the run.
    fatal_ = std::current_exception();
    running_.erase(assignment.attempt);
  }
  changed_.notify_all();
}

void Run::book(const sched::Assignment& assignment, AttemptOutcome outcome) {
  const auto verdict = outcome.failure
                           ? scheduler_.attempt_failed(assignment.attempt, *outcome.failure, now())
                           : scheduler_.attempt_succeeded(assignment.attempt, now());
  events_->on(AttemptEnded{.attempt = assignment.attempt,
                           .verdict = verdict,
                           .message = outcome.message,
                           .costs = outcome.costs,
                           .log_file = std::move(outcome.log_file),
                           .log_tail = std::move(outcome.log_tail),
                           .at = now()});
  if (verdict.machine_out_until) {
    // They are most likely as dead as those that failed, and the probe is to find out anew.
    machines_.at(assignment.machine.value())->sessions.end_idle();
    events_->on(MachineOut{.machine = assignment.machine,
                           .reason = outcome.message,
                           .until = verdict.machine_out_until,
                           .at = now()});
  }
  for (const auto& [machine, until] : verdict.quarantined) {
    events_->on(MachineOut{.machine = machine,
                           .reason = "steps fail there that succeed on other machines",
                           .until = until,
                           .at = now()});
  }
  if (outcome.failure == sched::FailureClass::destination_down) doubt_destination(outcome.message);
  if (outcome.machine_is_unusable) give_up(assignment.machine, outcome.message);
}

aio::Task<void> Run::tell_transfers() {
  while (true) {
    co_await aio::sleep_for(loop_, kTellEvery);
    for (auto& [id, running] : running_) {
      const ByteCount sent = running.attempt->sent();
      const ByteCount received = running.attempt->received();
      if (sent + received == running.told) continue;
      running.told = sent + received;
      events_->on(BytesMoved{.attempt = id, .sent = sent, .received = received, .at = now()});
    }
  }
}

aio::Task<void> Run::close_sessions() {
  aio::Scope closing(loop_);
  for (auto& machine : machines_)
    closing.spawn(&store::SessionPool::close, machine->sessions);
  co_await closing.join();
}

void Run::entered(sched::AttemptId attempt, sched::Phase phase) {
  scheduler_.enter_phase(attempt, phase, now());
  events_->on(PhaseEntered{.attempt = attempt, .phase = phase, .at = now()});
  // A finished build gives its slot back.
  if (phase == sched::Phase::waiting_for_transfer_slot) changed_.notify_all();
}

void Run::noted(sched::MachineId machine, std::string note) {
  events_->on(MachineNoted{.machine = machine, .note = std::move(note), .at = now()});
}

/// Gets no work meanwhile; those who wait for its answer go on waiting.
void Run::collects_garbage(sched::MachineId machine, bool does) {
  auto& reached = *machines_.at(machine.value());
  auto& waiting = reached.kept_waiting;
  const bool was_free = waiting == 0;
  does ? ++waiting : --waiting;
  if (was_free == (waiting == 0)) return;
  scheduler_.set_machine_enabled(machine, reached.takes_work());
  if (does) {
    events_->on(MachineOut{.machine = machine,
                           .reason = "collects garbage",
                           .until = now() + options_.limits.garbage_collection,
                           .at = now()});
  }
  changed_.notify_all();
}

aio::Task<void> Run::transfer_slot(sched::AttemptId attempt) {
  auto& running = running_.at(attempt);
  while (!running.may_transfer)
    co_await running.transfer->wait();
}

}  // namespace firn::farm
