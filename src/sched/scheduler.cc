// SPDX-License-Identifier: Apache-2.0
#include "sched/scheduler.h"

#include "base/error.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <queue>
#include <utility>

#include <fmt/format.h>

namespace firn::sched {

namespace {

/// The first step of a queue, among the first steps of all queues.
struct Head {
  Turn turn;
  ReadyKey key;
  /// What the order in force makes of the step's class: lower goes first, between the two numbers
  /// of the key or after them.
  std::uint32_t before_second = 0;
  std::uint32_t after_second = 0;
  QueueId queue;

  bool goes_before(const Head& other) const {
    if (turn.priority != other.turn.priority) return turn.priority > other.turn.priority;
    if (turn.used != other.turn.used) return turn.used < other.turn.used;
    if (key.first != other.key.first) return key.first > other.key.first;
    if (before_second != other.before_second) return before_second < other.before_second;
    if (key.second != other.key.second) return key.second > other.key.second;
    if (after_second != other.after_second) return after_second < other.after_second;
    return key < other.key;
  }
};

/// Of a step that has become ready since the last dispatch.
constexpr TimePoint kNotSeen = TimePoint::max();

struct GoesAfter {
  bool operator()(const Head& a, const Head& b) const { return b.goes_before(a); }
};

std::uint32_t milliseconds_of(Duration duration) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, kMost));
}

}  // namespace

Scheduler::Scheduler(Options options)
    : options_(options),
      random_(options.seed),
      fleet_(options.machine_back_off, options.faults_before_back_off, options.quarantine),
      transfers_(options.max_transfers) {}

StepId Scheduler::add_step(const StepSpec& spec, std::span<const StepId> dependencies) {
  for (const StepId dependency : dependencies)
    graph_.at(dependency);
  Step step;
  step.name = spec.name;
  step.step_class = fleet_.class_of(spec);
  step.priority = spec.priority;
  step.is_fixed_output = spec.fixed_output;
  step.duration = step.chain = milliseconds_of(spec.expected_duration);
  const StepId id = graph_.add(std::move(step));
  books_.add(graph_.at(id).step_class);
  const auto bad = std::find_if(dependencies.begin(), dependencies.end(), [&](StepId dependency) {
    return is_final(state(dependency)) && state(dependency) != StepState::succeeded;
  });
  if (bad != dependencies.end()) {
    inherit_end(id, *bad);
    return id;
  }
  for (const StepId dependency : dependencies) {
    const Step& below = graph_.at(dependency);
    if (is_final(below.state)) continue;
    const ReadyPlace old_place = place_of(below, options_.order);
    graph_.add_edge(id, dependency);
    const ReadyPlace place = place_of(below, options_.order);
    if (below.state == StepState::ready && place != old_place)
      ready_.replace(below.queue, old_place, place);
  }
  if (graph_.at(id).waiting_for == 0) {
    make_ready(id);
  } else {
    unsettled_.push_back(unsettled(id, false));
  }
  return id;
}

void Scheduler::set_expected_duration(StepId step, Duration expected) {
  if (has_ended(step)) return;
  graph_.at(step).duration = milliseconds_of(expected);
  unsettled_.push_back(unsettled(step, true));
}

bool Scheduler::has_ended(StepId id) const {
  const Step* const step = graph_.find(id);
  return step == nullptr || is_final(step->state);
}

void Scheduler::forget(StepId step) {
  FIRN_CHECK(is_final(state(step)));
  abort_reasons_.erase(step);
  graph_.forget(step);
}

std::vector<StepId> Scheduler::complete_without_build(StepId step) {
  const StepState before = state(step);
  if (before == StepState::succeeded) return {};
  FIRN_CHECK(before != StepState::running && !is_final(before));
  end_step(step, StepState::succeeded);
  release_dependents(step);
  return settle();
}

Ended Scheduler::cancel(StepId step) {
  Ended ended;
  if (has_ended(step)) return ended;
  Step& cancelled = graph_.at(step);
  if (cancelled.is_cancelling) return ended;
  if (cancelled.state == StepState::running) {
    cancelled.is_cancelling = true;
    ended.to_stop.push_back(cancelled.attempt);
  } else {
    end_step(step, StepState::cancelled);
    ended.steps.push_back(step);
  }
  fell_dependents(step, ended.fallen);
  ended.unclaimed = settle();
  return ended;
}

Ended Scheduler::abort(StepId step, std::string reason) {
  Ended ended;
  FIRN_CHECK(state(step) != StepState::running);
  if (is_final(state(step))) return ended;
  end_step(step, StepState::aborted);
  abort_reasons_[step] = std::move(reason);
  ended.steps.push_back(step);
  fell_dependents(step, ended.fallen);
  ended.unclaimed = settle();
  return ended;
}

MachineId Scheduler::add_machine(const MachineSpec& spec) {
  transfers_.add_machine(spec.max_transfers);
  return fleet_.add(spec);
}

void Scheduler::set_machine_enabled(MachineId machine, bool enabled) {
  fleet_.set_enabled(machine, enabled);
}

Ended Scheduler::set_machine_unusable(MachineId machine, std::string reason) {
  std::vector<ClassId> orphaned = fleet_.give_up(machine, std::move(reason));
  if (orphaned.empty() && refused_.empty()) return {};
  std::vector<StepId> steps;
  std::sort(orphaned.begin(), orphaned.end());
  const Machine& lost = fleet_.machine(machine);
  graph_.each([&](const Step& step) {
    if (is_final(step.state) || step.state == StepState::running) return;
    if (std::binary_search(orphaned.begin(), orphaned.end(), step.step_class) ||
        !has_taker(step.id))
      steps.push_back(step.id);
  });
  return abort_all(std::move(steps), fmt::format("{}: {}", lost.name, lost.unusable_reason));
}

Ended Scheduler::abort_all(std::vector<StepId> steps, const std::string& reason) {
  Ended ended;
  for (const StepId id : steps) {
    end_step(id, StepState::aborted);
    abort_reasons_[id] = reason;
  }
  for (const StepId id : steps)
    fell_dependents(id, ended.fallen);
  ended.steps = std::move(steps);
  ended.unclaimed = settle();
  return ended;
}

std::optional<TimePoint> Scheduler::report_machine_fault(MachineId machine, TimePoint now) {
  return fleet_.fault(machine, TimePoint::max(), now, random_);
}

Decisions Scheduler::dispatch(TimePoint now) {
  Decisions decisions;
  settle();
  wake(now);
  decisions.probes = fleet_.take_probes();
  // What ends while nothing new is to begin may bring its outputs back, if there is where to.
  if (!pauses_.contains(Pauser::farm)) decisions.transfers = transfers_.grant();
  for (const AttemptId id : decisions.transfers) {
    Attempt& attempt = attempts_.at(id);
    attempt.phase = Phase::receiving_outputs;
    attempt.phase_began = now;
    fleet_.move(attempt.machine, attempt.holding, Holding::transfer_slot);
    attempt.holding = Holding::transfer_slot;
  }
  if (!is_stopped_ && pauses_.empty()) assign(decisions.assignments, now);
  return decisions;
}

void Scheduler::wake(TimePoint now) {
  shares_.expire(now);
  for (const GroupSetId groups : shares_.take_changed())
    ready_.set_used(groups, shares_.used(groups));
  fleet_.wake(now);
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const StepId id = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    make_ready(id);
  }
  if (fleet_.availability_changes() != seen_availability_) end_detours(now);
  seen_availability_ = fleet_.availability_changes();
  note_waits(now);
}

void Scheduler::note_waits(TimePoint now) {
  for (const StepId id : newly_ready_) {
    if (has_ended(id)) continue;
    Step& step = graph_.at(id);
    if (step.state != StepState::ready || step.ready_since != kNotSeen) continue;
    step.ready_since = now;
    books_.begin_wait(step.step_class, now);
  }
  newly_ready_.clear();
}

// Steps that were to go elsewhere where no other machine is left: they may go back, after their
// back-off.
void Scheduler::end_detours(TimePoint now) {
  std::vector<StepId> stranded;
  for (const QueueId id : ready_.active()) {
    const ReadyQueue& queue = ready_.queue(id);
    if (queue.avoid.empty() || fleet_.has_available(queue.step_class, queue.avoid)) continue;
    const auto steps = queue.steps();
    stranded.insert(stranded.end(), steps.begin(), steps.end());
  }
  std::sort(stranded.begin(), stranded.end());
  for (const StepId id : stranded) {
    withdraw(id);
    delay(id, now + options_.step_back_off.delay(graph_.at(id).tries - 1U, random_));
  }
}

void Scheduler::assign(std::vector<Assignment>& assignments, TimePoint now) {
  if (!fleet_.has_free()) return;
  std::priority_queue<Head, std::vector<Head>, GoesAfter> heads;
  const auto add_head = [&](QueueId id) {
    const ReadyQueue& queue = ready_.queue(id);
    Head head{.turn = queue.turn(), .key = queue.first(), .queue = id};
    if (options_.order == Order::hydra)
      head.before_second = ~fleet_.catalog().feature_count(queue.step_class);
    if (options_.order == Order::critical_path) head.after_second = fleet_.able(queue.step_class);
    heads.push(head);
  };
  for (const QueueId id : ready_.active())
    add_head(id);
  while (!heads.empty() && fleet_.has_free()) {
    const QueueId id = heads.top().queue;
    heads.pop();
    const ReadyQueue& queue = ready_.queue(id);
    const std::optional<MachineId> machine = fleet_.choose(queue.step_class, queue.avoid);
    // Slots only become fewer here, so this queue is done for now.
    if (!machine) continue;
    assignments.push_back(start(id, *machine, now));
    if (!queue.empty()) add_head(id);
  }
}

Assignment Scheduler::start(QueueId queue, MachineId machine, TimePoint now) {
  const StepId id = ready_.pop(queue);
  Step& step = graph_.at(id);
  const Attempt& attempt = attempts_.open(id, machine, ++step.tries, now);
  set_state(id, StepState::running);
  step.attempt = attempt.id;
  fleet_.hold(machine, attempt.holding);
  return {.step = id, .machine = machine, .attempt = attempt.id, .try_number = step.tries};
}

std::optional<TimePoint> Scheduler::next_wakeup() const {
  std::optional<TimePoint> next = fleet_.next_wakeup();
  if (!delayed_.empty() && (!next || delayed_.begin()->first < *next))
    next = delayed_.begin()->first;
  return next;
}

void Scheduler::pause(Pauser who, std::string reason) {
  pauses_[who] = std::move(reason);
}

void Scheduler::resume(Pauser who) {
  pauses_.erase(who);
}

bool Scheduler::is_settled() const {
  return counts().running == 0 && (is_stopped_ || counts().unfinished() == 0);
}

std::vector<StepId> Scheduler::unsupported_steps() const {
  std::vector<StepId> found;
  graph_.each([&](const Step& step) {
    if (!is_final(step.state) && fleet_.able(step.step_class) == 0) found.push_back(step.id);
  });
  std::sort(found.begin(), found.end(), [this](StepId a, StepId b) {
    return graph_.at(a).serial < graph_.at(b).serial;
  });
  return found;
}

void Scheduler::set_state(StepId id, StepState state) {
  Step& step = graph_.at(id);
  if (step.state == StepState::ready && step.ready_since != kNotSeen)
    books_.end_wait(step.step_class, step.ready_since);
  books_.move(step.step_class, step.state, state);
  step.state = state;
}

void Scheduler::make_ready(StepId id) {
  Step& step = graph_.at(id);
  const auto tried = tried_.find(id);
  if (tried != tried_.end() && !fleet_.has_available(step.step_class, avoided_by(id)))
    tried_.erase(tried);
  step.queue = ready_.push(step.step_class, avoided_by(id), place_of(step, options_.order));
  set_state(id, StepState::ready);
  step.ready_since = kNotSeen;
  newly_ready_.push_back(id);
}

MachineSet Scheduler::avoided_by(StepId id) const {
  const auto tried = tried_.find(id);
  const auto refused = refused_.find(id);
  if (refused == refused_.end()) return tried == tried_.end() ? MachineSet() : tried->second;
  if (tried == tried_.end()) return refused->second;
  MachineSet both;
  std::set_union(tried->second.begin(),
                 tried->second.end(),
                 refused->second.begin(),
                 refused->second.end(),
                 std::back_inserter(both));
  return both;
}

// Whether a machine could ever take it: one that fits, is not given up and has not refused it.
bool Scheduler::has_taker(StepId id) const {
  std::uint32_t takers = fleet_.able(graph_.at(id).step_class);
  const auto refused = refused_.find(id);
  if (refused == refused_.end()) return takers > 0;
  for (const MachineId machine : refused->second) {
    if (fleet_.machine(machine).unusable_reason.empty()) --takers;
  }
  return takers > 0;
}

void Scheduler::delay(StepId id, TimePoint until) {
  graph_.at(id).due = until;
  delayed_.emplace(until, id);
  set_state(id, StepState::delayed);
}

void Scheduler::withdraw(StepId id) {
  const Step& step = graph_.at(id);
  if (step.state == StepState::ready) ready_.erase(step.queue, place_of(step, options_.order));
  if (step.state == StepState::delayed) delayed_.erase({step.due, id});
}

void Scheduler::end_step(StepId id, StepState state) {
  withdraw(id);
  graph_.each_dependency(id,
                         [this](StepId below) { unsettled_.push_back(unsettled(below, true)); });
  graph_.cut_dependencies(id);
  claimed_.erase(id);
  tried_.erase(id);
  refused_.erase(id);
  set_state(id, state);
}

void Scheduler::release_dependents(StepId id) {
  for (const StepId dependent : graph_.release_dependents(id))
    make_ready(dependent);
}

void Scheduler::fell_dependents(StepId id, std::vector<StepId>& fallen) {
  const std::size_t first = fallen.size();
  for (const StepId dependent : graph_.cut_dependents(id)) {
    inherit_end(dependent, id);
    fallen.push_back(dependent);
  }
  for (std::size_t i = first; i < fallen.size(); ++i) {
    for (const StepId dependent : graph_.cut_dependents(fallen[i])) {
      inherit_end(dependent, fallen[i]);
      fallen.push_back(dependent);
    }
  }
}

void Scheduler::inherit_end(StepId id, StepId dependency) {
  const Step& below = graph_.at(dependency);
  graph_.at(id).cause = below.cause == kNoStep ? dependency : below.cause;
  const bool is_cancelled = below.state == StepState::cancelled || below.is_cancelling;
  end_step(id, is_cancelled ? StepState::cancelled : StepState::dependency_failed);
}

}  // namespace firn::sched
