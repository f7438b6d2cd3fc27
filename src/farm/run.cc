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
         std::vector<ReachedMachine> machines,
         Graph graph,
         RunOptions options)
    : loop_(loop),
      store_(store),
      graph_(std::move(graph)),
      options_(std::move(options)),
      scheduler_(options_.scheduling),
      infos_(store),
      logs_(loop, options_.log_folder, options_.log_limits),
      mark_(store),
      context_{.loop = loop,
               .store = store,
               .infos = infos_,
               .mark = mark_,
               .options = options_,
               .logs = logs_,
               .store_is_trusting = true,
               .host = *this} {
  add_steps(scheduler_, graph_);
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

/// Steps get the numbers of their nodes.
void Run::add_steps(sched::Scheduler& scheduler, const Graph& graph) {
  std::vector<sched::StepId> dependencies;
  for (const auto& node : graph.nodes) {
    dependencies.clear();
    for (const auto index : node.dependencies)
      dependencies.emplace_back(static_cast<std::uint32_t>(index));
    const auto features = nix::required_system_features(node.derivation);
    const std::vector<std::string> required(features.begin(), features.end());
    scheduler.add_step(
        {.name = node.drv.derivation_name(),
         .system = node.derivation.platform,
         .required_features = required,
         .placement = nix::prefers_local_build(node.derivation) ? sched::Placement::prefer_local
                                                                : sched::Placement::anywhere,
         .fixed_output = nix::is_fixed_output(node.derivation)},
        dependencies);
  }
}

bool Run::has_remote_machines() const {
  return std::ranges::any_of(machines_, [](const auto& machine) { return !machine->local; });
}

std::vector<UnsupportedStep> Run::unsupported() const {
  std::vector<UnsupportedStep> result;
  for (const auto step : scheduler_.unsupported_steps()) {
    result.push_back({.drv = graph_.nodes.at(step.value()).drv,
                      .reason = sched::explain(scheduler_.why(step), now())});
  }
  return result;
}

std::vector<PlannedStep> Run::plan() const {
  sched::Scheduler rehearsal(options_.scheduling);
  for (const auto& spec : specs_)
    rehearsal.add_machine(spec);
  add_steps(rehearsal, graph_);
  std::vector<PlannedStep> steps;
  for (TimePoint at = now(); !rehearsal.is_settled(); at += 1s) {
    const auto decisions = rehearsal.dispatch(at);
    if (decisions.assignments.empty()) break;
    for (const auto& assignment : decisions.assignments) {
      steps.push_back({.drv = graph_.nodes.at(assignment.step.value()).drv,
                       .machine = specs_.at(assignment.machine.value()).name});
      rehearsal.attempt_succeeded(assignment.attempt, at);
    }
  }
  return steps;
}

void Run::announce() {
  PlanMade plan{.machines = {},
                .steps = {},
                .already_valid = graph_.already_valid,
                .substituted = graph_.substituted,
                .at = now()};
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    plan.machines.push_back(
        {.id = machines_[i]->id, .name = specs_[i].name, .max_jobs = specs_[i].max_jobs});
  }
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& node = graph_.nodes[i];
    plan.steps.push_back({.id = sched::StepId(static_cast<std::uint32_t>(i)),
                          .drv = node.drv,
                          .system = node.derivation.platform});
  }
  events_->on(plan);
  is_announced_ = true;
}

aio::Task<sched::Counts> Run::execute(EventSink& events) {
  events_ = &events;
  context_.store_is_trusting = co_await store_.is_trusting();
  announce();
  for (const auto step : scheduler_.unsupported_steps()) {
    const std::string reason = sched::explain(scheduler_.why(step), now());
    tell_ended(scheduler_.abort(step, reason), sched::StepState::aborted, reason);
  }
  std::exception_ptr error;
  try {
    co_await drive();
  } catch (...) {
    error = std::current_exception();
  }
  farewells_.clear();
  is_announced_ = false;
  try {
    co_await aio::shielded(loop_, "closing sessions", kCloseLimit, close_sessions());
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  co_await logs_.close(kLogLimit);
  if (error) std::rethrow_exception(error);
  events_->on(RunEnded{.counts = scheduler_.counts(), .interrupted = interrupted_, .at = now()});
  co_return scheduler_.counts();
}

/// Dispatches until nothing is left to do. Attempts end before this does, whichever way it ends.
aio::Task<void> Run::drive() {
  aio::Scope attempts(loop_);
  aio::Scope telling(loop_);
  attempts_ = &attempts;
  telling.spawn(&Run::tell_transfers, *this);
  std::exception_ptr error;
  try {
    while (!interrupted_ && !bug_ && !scheduler_.is_settled()) {
      carry_out(scheduler_.dispatch(now()));
      if (scheduler_.is_settled()) break;
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
  if (bug_) error = bug_;
  if (!interrupted_ && !error && attempts.size() > 0) co_await attempts.join();
  attempts_ = nullptr;
  co_await attempts.close();
  co_await telling.close();
  if (error) std::rethrow_exception(error);
}

void Run::cancel(sched::StepId step) {
  auto ended = scheduler_.cancel(step);
  for (const auto attempt : ended.to_stop)
    running_.at(attempt).attempt->cancel();
  ended.steps.insert(ended.steps.end(), ended.fallen.begin(), ended.fallen.end());
  ended.fallen.clear();
  tell_ended(ended, sched::StepState::cancelled, "cancelled");
  changed_.notify_all();
}

void Run::interrupt() {
  interrupted_ = true;
  changed_.notify_all();
}

void Run::carry_out(const sched::Decisions& decisions) {
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
  auto& node = graph_.nodes.at(assignment.step.value());
  auto& machine = *machines_.at(assignment.machine.value());
  auto& running = running_[assignment.attempt];
  running.transfer = std::make_unique<aio::WaitQueue>();
  running.attempt = std::make_unique<Attempt>(context_, assignment.attempt, node, machine);
  try {
    auto outcome = co_await running.attempt->run();
    running_.erase(assignment.attempt);
    book(assignment, std::move(outcome));
  } catch (...) {
    // Only a bug of ours comes here; it ends the run.
    bug_ = std::current_exception();
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
  if (!outcome.machine_is_unusable) return;
  const auto ended = scheduler_.set_machine_unusable(assignment.machine, outcome.message);
  events_->on(MachineOut{.machine = assignment.machine,
                         .reason = outcome.message,
                         .until = std::nullopt,
                         .at = now()});
  tell_ended(ended, sched::StepState::aborted, outcome.message);
}

void Run::tell_ended(const sched::Ended& ended, sched::StepState state, std::string reason) {
  if (!ended.steps.empty())
    events_->on(StepsEnded{.steps = ended.steps, .state = state, .reason = reason, .at = now()});
  if (!ended.fallen.empty()) {
    events_->on(StepsEnded{.steps = ended.fallen,
                           .state = sched::StepState::dependency_failed,
                           .reason = std::move(reason),
                           .at = now()});
  }
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
  scheduler_.set_machine_enabled(machine, !does && !reached.is_leaving);
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
