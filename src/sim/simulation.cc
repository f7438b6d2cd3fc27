// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.h"

#include "base/error.h"
#include "sched/scheduler.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <queue>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

namespace firn::sim {

namespace {

using sched::AttemptId;
using sched::Phase;

/// What a step is expected to take of which nothing is known.
constexpr Duration kUnknown = std::chrono::minutes(1);

/// An attempt that comes to the end of a phase.
struct Happening {
  Duration at{};
  std::uint64_t serial = 0;
  AttemptId attempt;
  /// The phase that ends.
  Phase phase = Phase::connecting;

  friend bool operator>(const Happening& a, const Happening& b) {
    return std::tie(a.at, a.serial) > std::tie(b.at, b.serial);
  }
};

class Simulation {
 public:
  Simulation(const Queue& queue, const Fleet& fleet, const sched::Options& policy)
      : queue_(queue), fleet_(fleet), scheduler_(policy), present_(fleet.machines.size()) {
    outcome_.steps.resize(queue.steps.size());
    missing_.resize(queue.steps.size());
    dependents_.resize(queue.steps.size());
    ids_.resize(queue.steps.size(), sched::kNoStep);
    claims_.resize(queue.steps.size());
    for (StepIndex i = 0; i < queue.steps.size(); ++i) {
      for (const StepIndex dependency : queue.steps[i].dependencies)
        dependents_[dependency].push_back(i);
      missing_[i] = static_cast<std::uint32_t>(queue.steps[i].dependencies.size());
    }
    for (auto& paths : present_)
      paths.resize(queue.steps.size());
    for (const sched::MachineSpec& machine : fleet.machines)
      scheduler_.add_machine(machine);
    for (const Project& project : queue.projects)
      groups_.push_back(scheduler_.add_group(project.weight));
    arrivals_.resize(queue.builds.size());
    std::iota(arrivals_.begin(), arrivals_.end(), std::size_t{0});
    std::sort(arrivals_.begin(), arrivals_.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(queue.builds[a].arrives, a) < std::tie(queue.builds[b].arrives, b);
    });
  }

  Outcome run() {
    while (const std::optional<Duration> next = next_moment()) {
      now_ = *next;
      arrive();
      while (!happenings_.empty() && happenings_.top().at <= now_) {
        const Happening happening = happenings_.top();
        happenings_.pop();
        end_phase(happening);
      }
      dispatch();
    }
    if (scheduler_.counts().unfinished() > 0) throw_stuck();
    return std::move(outcome_);
  }

 private:
  std::optional<Duration> next_moment() const {
    std::optional<Duration> next;
    if (!happenings_.empty()) next = happenings_.top().at;
    if (arrived_ < arrivals_.size()) {
      const Duration arrival = queue_.builds[arrivals_[arrived_]].arrives;
      if (!next || arrival < *next) next = arrival;
    }
    return next;
  }

  void arrive() {
    std::vector<StepIndex> claimed;
    std::vector<StepIndex> fresh;
    for (; arrived_ < arrivals_.size(); ++arrived_) {
      const Build& build = queue_.builds[arrivals_[arrived_]];
      if (build.arrives > now_) break;
      claims_[build.step].push_back({.priority = build.priority,
                                     .age = static_cast<std::uint32_t>(arrivals_[arrived_]),
                                     .group = groups_[build.project]});
      claimed.push_back(build.step);
      want(build.step, fresh);
    }
    std::sort(fresh.begin(), fresh.end());
    for (const StepIndex step : fresh)
      add(step);
    for (const StepIndex step : claimed)
      scheduler_.set_claims(ids_[step], claims_[step]);
  }

  // The step and what it needs, where the scheduler does not know them.
  void want(StepIndex root, std::vector<StepIndex>& fresh) {
    std::vector<StepIndex> open{root};
    while (!open.empty()) {
      const StepIndex step = open.back();
      open.pop_back();
      Execution& execution = outcome_.steps[step];
      if (execution.was_run) continue;
      execution.was_run = true;
      fresh.push_back(step);
      open.insert(open.end(),
                  queue_.steps[step].dependencies.begin(),
                  queue_.steps[step].dependencies.end());
    }
  }

  void add(StepIndex index) {
    const SimStep& step = queue_.steps[index];
    const StepKind& kind = queue_.kinds[step.kind];
    below_.clear();
    for (const StepIndex dependency : step.dependencies)
      below_.push_back(ids_[dependency]);
    ids_[index] = scheduler_.add_step({.name = step.name,
                                       .system = kind.system,
                                       .required_features = kind.features,
                                       .expected_duration = step.expected.value_or(kUnknown)},
                                      below_);
    steps_.emplace(ids_[index], index);
    if (missing_[index] == 0) outcome_.steps[index].ready = now_;
  }

  void dispatch() {
    ++outcome_.dispatches;
    const TimePoint now = TimePoint() + now_;
    const sched::Decisions decisions = scheduler_.dispatch(now);
    for (const AttemptId attempt : decisions.transfers) {
      const StepIndex step = running_.at(attempt);
      expect(attempt, Phase::receiving_outputs, transfer_time(queue_.steps[step].output));
    }
    for (const sched::Assignment& assignment : decisions.assignments)
      start(assignment, now);
  }

  void start(const sched::Assignment& assignment, TimePoint now) {
    const StepIndex step = steps_.at(assignment.step);
    running_.emplace(assignment.attempt, step);
    Execution& execution = outcome_.steps[step];
    execution.machine = assignment.machine.value();
    execution.began = now_;
    const ByteCount inputs = send_inputs(step, execution.machine);
    if (fleet_.bytes_per_second == std::numeric_limits<double>::infinity()) {
      scheduler_.enter_phase(assignment.attempt, Phase::building, now);
      expect(assignment.attempt, Phase::building, build_time(step));
      return;
    }
    scheduler_.enter_phase(assignment.attempt, Phase::sending_inputs, now);
    expect(assignment.attempt, Phase::sending_inputs, transfer_time(inputs));
  }

  void end_phase(const Happening& happening) {
    const TimePoint now = TimePoint() + now_;
    const AttemptId attempt = happening.attempt;
    if (happening.phase == Phase::sending_inputs) {
      scheduler_.enter_phase(attempt, Phase::building, now);
      expect(attempt, Phase::building, build_time(running_.at(attempt)));
    } else if (happening.phase == Phase::building &&
               fleet_.bytes_per_second != std::numeric_limits<double>::infinity()) {
      scheduler_.enter_phase(attempt, Phase::waiting_for_transfer_slot, now);
    } else {
      finish(attempt, now);
    }
  }

  void finish(AttemptId attempt, TimePoint now) {
    const StepIndex step = running_.at(attempt);
    running_.erase(attempt);
    scheduler_.attempt_succeeded(attempt, now);
    Execution& execution = outcome_.steps[step];
    execution.ended = now_;
    outcome_.makespan = std::max(outcome_.makespan, now_);
    outcome_.received += queue_.steps[step].output;
    present_[execution.machine][step] = true;
    for (const StepIndex dependent : dependents_[step]) {
      if (--missing_[dependent] == 0) outcome_.steps[dependent].ready = now_;
    }
  }

  ByteCount send_inputs(StepIndex step, std::uint32_t machine) {
    ByteCount bytes;
    for (const StepIndex dependency : queue_.steps[step].dependencies) {
      if (present_[machine][dependency]) continue;
      present_[machine][dependency] = true;
      bytes += queue_.steps[dependency].output;
    }
    outcome_.sent += bytes;
    return bytes;
  }

  Duration build_time(StepIndex step) const {
    const double speed_there = speed(fleet_.machines[outcome_.steps[step].machine]);
    return Duration(static_cast<Duration::rep>(
        static_cast<double>(queue_.steps[step].duration.count()) / speed_there));
  }

  Duration transfer_time(ByteCount bytes) const {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(
        static_cast<double>(bytes.value()) / fleet_.bytes_per_second));
  }

  void expect(AttemptId attempt, Phase phase, Duration length) {
    happenings_.push(
        {.at = now_ + length, .serial = ++serial_, .attempt = attempt, .phase = phase});
  }

  [[noreturn]] void throw_stuck() const {
    const auto unsupported = scheduler_.unsupported_steps();
    if (unsupported.empty()) throw Bug("the simulation stands still with steps left");
    const SimStep& step = queue_.steps[steps_.at(unsupported.front())];
    throw Error(
        Kind::invalid,
        fmt::format(
            "no machine takes {}: it needs {}", step.name, describe(queue_.kinds[step.kind])));
  }

  const Queue& queue_;
  const Fleet& fleet_;
  sched::Scheduler scheduler_;
  std::vector<sched::GroupId> groups_;
  /// By StepIndex.
  std::vector<sched::StepId> ids_;
  std::vector<std::vector<sched::Claim>> claims_;
  std::vector<std::vector<StepIndex>> dependents_;
  std::vector<std::uint32_t> missing_;
  std::unordered_map<sched::StepId, StepIndex> steps_;
  std::vector<sched::StepId> below_;
  /// Places in `Queue::builds`, by arrival.
  std::vector<std::size_t> arrivals_;
  std::size_t arrived_ = 0;
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> happenings_;
  std::uint64_t serial_ = 0;
  std::unordered_map<AttemptId, StepIndex> running_;
  /// By machine and StepIndex.
  std::vector<std::vector<bool>> present_;
  Duration now_{};
  Outcome outcome_;
};

}  // namespace

Outcome simulate(const Queue& queue, const Fleet& fleet, const sched::Options& policy) {
  check(queue);
  return Simulation(queue, fleet, policy).run();
}

}  // namespace firn::sim
