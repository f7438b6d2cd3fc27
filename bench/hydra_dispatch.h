// SPDX-License-Identifier: Apache-2.0
// Hydra's dispatch loop, written anew from its described behaviour as a baseline: the same steps,
// machines and claims as sched::Scheduler takes, Hydra's order, its choice of machine, its books of
// shares and its costs. Every step succeeds: retries and back-off are left out.
#pragma once

#include "sched/scheduler.h"

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace firn::bench {

/// One pass over a sorted copy of all runnable steps for each step that it starts, and all machines
/// sorted anew; a started step is looked for in the list of the runnable ones from its front.
class HydraDispatch {
 public:
  sched::MachineId add_machine(const sched::MachineSpec& spec);
  /// A jobset with so many scheduling shares.
  sched::GroupId add_group(std::uint32_t shares);
  /// Dependencies must have been added before.
  sched::StepId add_step(const sched::StepSpec& spec, std::span<const sched::StepId> dependencies);
  /// Claims reach all unfinished steps below, and are never taken back.
  void set_claims(sched::StepId step, std::span<const sched::Claim> claims);

  std::vector<sched::Assignment> dispatch(TimePoint now);
  /// Charges the step's jobsets and makes runnable what waited for nothing else.
  void attempt_succeeded(sched::AttemptId attempt, TimePoint now);

  std::size_t runnable() const { return runnable_.size(); }

  std::size_t running() const { return running_.size(); }

 private:
  struct Jobset {
    std::uint32_t shares = 1;
    std::int64_t seconds = 0;
    // By start: what starts at the same moment takes the other's place, but not out of the sum.
    std::map<TimePoint, std::int64_t> steps;

    double share_used() const { return static_cast<double>(seconds) / shares; }
  };

  struct Step {
    std::string system;
    std::set<std::string> features;
    bool prefers_local = false;
    std::int64_t global_priority = 0;
    std::int32_t local_priority = 0;
    std::uint32_t build = 0xffffffffU;
    std::set<sched::GroupId> jobsets;
    std::uint32_t waiting_for = 0;
    std::vector<sched::StepId> dependencies;
    std::vector<sched::StepId> dependents;
    bool is_finished = false;
  };

  struct Machine {
    std::set<std::string> systems;
    std::set<std::string> supported;
    std::set<std::string> mandatory;
    std::uint32_t max_jobs = 1;
    double speed = 1;
    std::uint32_t current_jobs = 0;

    bool supports(const Step& step) const;
  };

  struct Running {
    sched::StepId step;
    sched::MachineId machine;
    TimePoint began;
  };

  /// A runnable step with its share, as of one dispatch.
  struct Candidate {
    sched::StepId step;
    double share_used = 0;
    bool is_started = false;
  };

  bool goes_before(const Candidate& a, const Candidate& b) const;
  std::vector<Candidate> sorted_steps(TimePoint now);
  std::vector<sched::MachineId> sorted_machines() const;
  bool start_one(std::vector<Candidate>& candidates,
                 std::vector<sched::Assignment>& assignments,
                 TimePoint now);
  static void charge(Jobset& jobset, TimePoint began, std::int64_t seconds);

  std::vector<Machine> machines_;
  std::vector<Jobset> jobsets_;
  std::vector<Step> steps_;
  std::list<sched::StepId> runnable_;
  std::map<sched::AttemptId, Running> running_;
  std::uint64_t last_attempt_ = 0;
};

}  // namespace firn::bench
