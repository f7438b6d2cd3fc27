// SPDX-License-Identifier: Apache-2.0
#include "hydra_dispatch.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <tuple>
#include <utility>

namespace firn::bench {

using sched::Assignment;
using sched::StepId;

namespace {

constexpr auto kWindow = std::chrono::hours(24);

}  // namespace

bool HydraDispatch::Machine::supports(const Step& step) const {
  if (step.system != "builtin" && !systems.contains(step.system)) return false;
  const auto is_required = [&](const std::string& feature) {
    return step.features.contains(feature) || (feature == "local" && step.prefers_local);
  };
  return std::all_of(mandatory.begin(), mandatory.end(), is_required) &&
         std::all_of(step.features.begin(), step.features.end(), [&](const std::string& feature) {
           return supported.contains(feature);
         });
}

sched::MachineId HydraDispatch::add_machine(const sched::MachineSpec& spec) {
  Machine machine;
  machine.systems = {spec.systems.begin(), spec.systems.end()};
  machine.supported = {spec.supported_features.begin(), spec.supported_features.end()};
  machine.supported.insert(spec.mandatory_features.begin(), spec.mandatory_features.end());
  machine.mandatory = {spec.mandatory_features.begin(), spec.mandatory_features.end()};
  machine.max_jobs = spec.max_jobs;
  machine.speed = spec.speed_factor > 0 ? spec.speed_factor : 1;
  machines_.push_back(std::move(machine));
  return sched::MachineId(static_cast<std::uint32_t>(machines_.size() - 1));
}

sched::GroupId HydraDispatch::add_group(std::uint32_t shares) {
  jobsets_.push_back({.shares = std::max(shares, 1U), .seconds = 0, .steps = {}});
  return sched::GroupId(static_cast<std::uint32_t>(jobsets_.size() - 1));
}

StepId HydraDispatch::add_step(const sched::StepSpec& spec, std::span<const StepId> dependencies) {
  const StepId id(static_cast<std::uint32_t>(steps_.size()));
  Step step;
  step.system = spec.system;
  step.features = {spec.required_features.begin(), spec.required_features.end()};
  step.prefers_local = spec.placement != sched::Placement::anywhere;
  step.global_priority = spec.priority;
  for (const StepId dependency : dependencies) {
    Step& below = steps_.at(dependency.value());
    if (below.is_finished) continue;
    below.dependents.push_back(id);
    step.dependencies.push_back(dependency);
    ++step.waiting_for;
  }
  if (step.waiting_for == 0) runnable_.push_back(id);
  steps_.push_back(std::move(step));
  return id;
}

void HydraDispatch::set_claims(StepId step, std::span<const sched::Claim> claims) {
  std::set<StepId> seen;
  std::vector<StepId> open{step};
  while (!open.empty()) {
    const StepId id = open.back();
    open.pop_back();
    Step& reached = steps_.at(id.value());
    if (reached.is_finished || !seen.insert(id).second) continue;
    for (const sched::Claim& claim : claims) {
      reached.global_priority = std::max(reached.global_priority, claim.priority);
      reached.local_priority = std::max(reached.local_priority, claim.local_priority);
      reached.build = std::min(reached.build, claim.age);
      reached.jobsets.insert(claim.group);
    }
    open.insert(open.end(), reached.dependencies.begin(), reached.dependencies.end());
  }
}

bool HydraDispatch::goes_before(const Candidate& a, const Candidate& b) const {
  const Step& x = steps_[a.step.value()];
  const Step& y = steps_[b.step.value()];
  if (x.global_priority != y.global_priority) return x.global_priority > y.global_priority;
  if (a.share_used != b.share_used) return a.share_used < b.share_used;
  if (x.local_priority != y.local_priority) return x.local_priority > y.local_priority;
  if (x.features.size() != y.features.size()) return x.features.size() > y.features.size();
  if (x.dependents.size() != y.dependents.size()) return x.dependents.size() > y.dependents.size();
  return std::tie(x.build, a.step) < std::tie(y.build, b.step);
}

std::vector<HydraDispatch::Candidate> HydraDispatch::sorted_steps(TimePoint now) {
  constexpr double kNobodysShare = 1e9;
  for (Jobset& jobset : jobsets_) {
    while (!jobset.steps.empty() && jobset.steps.begin()->first <= now - kWindow) {
      jobset.seconds -= jobset.steps.begin()->second;
      jobset.steps.erase(jobset.steps.begin());
    }
  }
  std::vector<Candidate> candidates;
  candidates.reserve(runnable_.size());
  for (const StepId id : runnable_) {
    double least = kNobodysShare;
    for (const sched::GroupId jobset : steps_[id.value()].jobsets)
      least = std::min(least, jobsets_[jobset.value()].share_used());
    candidates.push_back({.step = id, .share_used = least, .is_started = false});
  }
  std::sort(candidates.begin(), candidates.end(), [this](const Candidate& a, const Candidate& b) {
    return goes_before(a, b);
  });
  return candidates;
}

// Least load first, as whole numbers; then speed; then the one that is fuller already.
std::vector<sched::MachineId> HydraDispatch::sorted_machines() const {
  std::vector<sched::MachineId> sorted;
  sorted.reserve(machines_.size());
  for (std::uint32_t i = 0; i < machines_.size(); ++i)
    sorted.emplace_back(i);
  const auto place = [this](sched::MachineId id) {
    const Machine& machine = machines_[id.value()];
    return std::tuple(std::lround(machine.current_jobs / machine.speed),
                      -machine.speed,
                      -std::int64_t{machine.current_jobs},
                      id);
  };
  std::sort(sorted.begin(), sorted.end(), [&](sched::MachineId a, sched::MachineId b) {
    return place(a) < place(b);
  });
  return sorted;
}

bool HydraDispatch::start_one(std::vector<Candidate>& candidates,
                              std::vector<Assignment>& assignments,
                              TimePoint now) {
  for (const sched::MachineId id : sorted_machines()) {
    Machine& machine = machines_[id.value()];
    if (machine.current_jobs >= machine.max_jobs) continue;
    for (Candidate& candidate : candidates) {
      if (candidate.is_started || !machine.supports(steps_[candidate.step.value()])) continue;
      runnable_.erase(std::find(runnable_.begin(), runnable_.end(), candidate.step));
      candidate.is_started = true;
      ++machine.current_jobs;
      const sched::AttemptId attempt(++last_attempt_);
      running_.emplace(attempt, Running{.step = candidate.step, .machine = id, .began = now});
      assignments.push_back(
          {.step = candidate.step, .machine = id, .attempt = attempt, .try_number = 1});
      return true;
    }
  }
  return false;
}

std::vector<Assignment> HydraDispatch::dispatch(TimePoint now) {
  std::vector<Assignment> assignments;
  std::vector<Candidate> candidates = sorted_steps(now);
  while (start_one(candidates, assignments, now)) {
  }
  return assignments;
}

void HydraDispatch::charge(Jobset& jobset, TimePoint began, std::int64_t seconds) {
  jobset.steps[began] = seconds;
  jobset.seconds += seconds;
}

void HydraDispatch::attempt_succeeded(sched::AttemptId attempt, TimePoint now) {
  const Running ended = running_.at(attempt);
  running_.erase(attempt);
  --machines_[ended.machine.value()].current_jobs;
  Step& step = steps_[ended.step.value()];
  step.is_finished = true;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - ended.began).count();
  for (const sched::GroupId jobset : step.jobsets)
    charge(jobsets_[jobset.value()],
           ended.began,
           seconds / static_cast<std::int64_t>(step.jobsets.size()));
  for (const StepId above : step.dependents) {
    if (--steps_[above.value()].waiting_for == 0) runnable_.push_back(above);
  }
}

}  // namespace firn::bench
