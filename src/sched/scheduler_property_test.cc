// SPDX-License-Identifier: Apache-2.0
// Random graphs, machines and events against a plain model of the rules. A failure prints its seed.
#include "support/sched_farm.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

constexpr std::uint32_t kMaxTransfers = 3;
constexpr std::array<const char*, 2> kSystems{"x86_64-linux", "aarch64-linux"};
constexpr std::array<const char*, 3> kFeatures{"kvm", "big", "gpu"};

struct ModelStep {
  std::vector<StepId> dependencies;
  std::string system;
  std::set<std::string> features;
  Placement placement = Placement::anywhere;
  std::set<MachineId> tried;
  /// Machines that cannot take it.
  std::set<MachineId> refused;
  std::uint32_t tries = 0;
  std::vector<MachineId> able;
  std::uint32_t machines_seen = 0;
};

struct ModelAttempt {
  StepId step;
  MachineId machine;
  Phase phase = Phase::connecting;
  bool has_transfer = false;
};

/// Drives a scheduler with random events, and believes nothing that it says.
class RandomFarm {
 public:
  explicit RandomFarm(std::uint64_t seed)
      : random_(seed),
        keeps_going_(seed % 8 != 0),
        scheduler_({.keep_going = keeps_going_, .seed = seed, .max_transfers = kMaxTransfers}) {
    for (int i = 0; i < 4; ++i)
      add_machine();
  }

  void run(int events) {
    for (int i = 0; i < events && !testing::Test::HasFailure(); ++i)
      event();
    finish();
  }

  /// A digest of all decisions and verdicts.
  std::uint64_t digest() const { return digest_; }

 private:
  std::uint32_t below(std::size_t limit) {
    return static_cast<std::uint32_t>(random_.next() % limit);
  }

  bool one_in(std::uint32_t odds) { return below(odds) == 0; }

  void note(std::uint64_t value) { digest_ = (digest_ ^ value) * 0x100000001b3U; }

  std::set<std::string> some_features(std::uint32_t odds) {
    std::set<std::string> features;
    for (const char* feature : kFeatures) {
      if (one_in(odds)) features.insert(feature);
    }
    return features;
  }

  void add_machine() {
    MachineSpec spec{.name = "m" + std::to_string(machines_.size())};
    for (const char* system : kSystems) {
      if (!one_in(3)) spec.systems.emplace_back(system);
    }
    for (const std::string& feature : some_features(2))
      spec.supported_features.push_back(feature);
    for (const std::string& feature : some_features(9))
      spec.mandatory_features.push_back(feature);
    spec.max_jobs = 1 + below(4);
    spec.speed_factor = 0.5 * (1 + below(4));
    spec.max_transfers = 1 + below(3);
    spec.is_local = one_in(4);
    EXPECT_EQ(scheduler_.add_machine(spec).value(), machines_.size());
    machines_.push_back(spec);
  }

  void add_step() {
    ModelStep step;
    const std::size_t known = steps_.size();
    for (std::uint32_t i = below(4); i > 0 && known > 0; --i) {
      step.dependencies.emplace_back(
          static_cast<std::uint32_t>(known - 1 - below(std::min<std::size_t>(known, 40))));
    }
    step.system = one_in(10) ? "builtin" : kSystems[below(2)];
    step.features = some_features(6);
    step.placement = static_cast<Placement>(one_in(4) ? 1 + below(2) : 0);
    const std::vector<std::string> features(step.features.begin(), step.features.end());
    const StepId id = scheduler_.add_step({.name = "s",
                                           .system = step.system,
                                           .required_features = features,
                                           .placement = step.placement,
                                           .fixed_output = one_in(8),
                                           .priority = static_cast<std::int32_t>(below(3))},
                                          step.dependencies);
    EXPECT_EQ(id.value(), known);
    steps_.push_back(std::move(step));
    open_.push_back(id);
  }

  bool can_take(const ModelStep& step, const MachineSpec& machine) const {
    std::set<std::string> offered(machine.supported_features.begin(),
                                  machine.supported_features.end());
    offered.insert(machine.mandatory_features.begin(), machine.mandatory_features.end());
    const auto& systems = machine.systems;
    return (step.system == "builtin" ||
            std::find(systems.begin(), systems.end(), step.system) != systems.end()) &&
           std::includes(
               offered.begin(), offered.end(), step.features.begin(), step.features.end()) &&
           std::all_of(machine.mandatory_features.begin(),
                       machine.mandatory_features.end(),
                       [&](const std::string& name) { return step.features.contains(name); }) &&
           (step.placement != Placement::local_only || machine.is_local);
  }

  void dispatch() {
    const Decisions decisions = scheduler_.dispatch(now_);
    for (const MachineId machine : decisions.probes)
      ASSERT_TRUE(probed_.insert(machine).second);
    for (const AttemptId id : decisions.transfers) {
      ModelAttempt& attempt = attempts_.at(id);
      ASSERT_EQ(attempt.phase, Phase::waiting_for_transfer_slot);
      attempt.phase = Phase::receiving_outputs;
      attempt.has_transfer = true;
      note(id.value());
    }
    for (const Assignment& assignment : decisions.assignments)
      check_assignment(assignment);
    check_slots();
    check_nobody_waits_in_vain();
  }

  void check_assignment(const Assignment& assignment) {
    ASSERT_FALSE(is_paused_);
    ASSERT_FALSE(is_stopped_);
    ModelStep& step = steps_[assignment.step.value()];
    for (const StepId dependency : step.dependencies) {
      ASSERT_EQ(scheduler_.state(dependency), StepState::succeeded);
    }
    for (const auto& [id, attempt] : attempts_)
      ASSERT_NE(attempt.step, assignment.step);
    ASSERT_TRUE(can_take(step, machines_[assignment.machine.value()]));
    ASSERT_TRUE(scheduler_.machine(assignment.machine).is_available());
    ASSERT_FALSE(probed_.contains(assignment.machine));
    ASSERT_FALSE(out_.contains(assignment.machine)) << "it has not answered since it was out";
    ASSERT_FALSE(step.refused.contains(assignment.machine));
    ASSERT_EQ(assignment.try_number, ++step.tries);
    ASSERT_LE(step.tries, 6U + step.refused.size());
    ASSERT_TRUE(
        attempts_.try_emplace(assignment.attempt, ModelAttempt{assignment.step, assignment.machine})
            .second);
    note(assignment.attempt.value() ^ assignment.machine.value() << 8U);
  }

  void check_slots() {
    std::vector<std::array<std::uint32_t, 3>> held(machines_.size());
    std::uint32_t transfers = 0;
    for (const auto& [id, attempt] : attempts_) {
      auto& machine = held[attempt.machine.value()];
      if (attempt.phase <= Phase::building) ++machine[0];
      if (attempt.phase == Phase::waiting_for_transfer_slot) ++machine[1];
      if (attempt.has_transfer) ++machine[2];
      if (attempt.has_transfer) ++transfers;
    }
    ASSERT_LE(transfers, kMaxTransfers);
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      const std::uint32_t jobs = machines_[i].max_jobs;
      ASSERT_LE(held[i][0], jobs);
      ASSERT_LE(held[i][0] + held[i][1] + held[i][2], 2 * jobs);
      ASSERT_LE(held[i][2], machines_[i].max_transfers);
    }
  }

  // Right after a dispatch, a step may be ready only where no machine that it may use is free. A
  // machine that failed it is one that it may use, unless it can wait for another.
  void check_nobody_waits_in_vain() {
    if (is_paused_ || is_stopped_) return;
    std::erase_if(open_, [&](StepId id) { return is_final(scheduler_.state(id)); });
    for (const StepId id : open_) {
      if (scheduler_.state(id) != StepState::ready) continue;
      bool is_free_tried = false;
      bool is_another_busy = false;
      for (const MachineId machine : able(id)) {
        if (steps_[id.value()].refused.contains(machine)) continue;
        const bool is_free = scheduler_.machine(machine).standing() == Standing::free;
        const bool is_tried = steps_[id.value()].tried.contains(machine);
        ASSERT_FALSE(is_free && !is_tried) << "step " << id.value();
        is_free_tried = is_free_tried || is_free;
        is_another_busy =
            is_another_busy || (!is_free && scheduler_.machine(machine).is_available());
      }
      ASSERT_FALSE(is_free_tried && !is_another_busy) << "step " << id.value();
    }
  }

  // The machines that can take a step, worked out anew only when there are more of them.
  const std::vector<MachineId>& able(StepId id) {
    ModelStep& step = steps_[id.value()];
    for (; step.machines_seen < machines_.size(); ++step.machines_seen) {
      if (can_take(step, machines_[step.machines_seen])) step.able.emplace_back(step.machines_seen);
    }
    return step.able;
  }

  std::map<AttemptId, ModelAttempt>::iterator some_attempt() {
    auto chosen = attempts_.begin();
    std::advance(chosen, below(attempts_.size()));
    return chosen;
  }

  void advance_attempt() {
    if (attempts_.empty()) return;
    const auto chosen = some_attempt();
    ModelAttempt& attempt = chosen->second;
    static constexpr std::array<Phase, 4> kNext{Phase::sending_inputs,
                                                Phase::building,
                                                Phase::waiting_for_transfer_slot,
                                                Phase::publishing};
    const Phase next = kNext[below(kNext.size())];
    if (next <= attempt.phase || attempt.phase == Phase::waiting_for_transfer_slot) return;
    attempt.phase = next;
    scheduler_.enter_phase(chosen->first, next, now_);
  }

  void end_attempt(bool is_success) {
    if (attempts_.empty()) return;
    const auto chosen = some_attempt();
    const auto [id, attempt] = *chosen;
    attempts_.erase(chosen);
    const auto failure = static_cast<FailureClass>(below(kFailureClassCount));
    const Verdict verdict = is_success ? scheduler_.attempt_succeeded(id, now_)
                                       : scheduler_.attempt_failed(id, failure, now_);
    check_verdict(verdict, attempt);
  }

  void end_probe(bool is_success) {
    if (probed_.empty()) return;
    const MachineId machine = *std::next(probed_.begin(), below(probed_.size()));
    probed_.erase(machine);
    if (is_success) {
      scheduler_.probe_succeeded(machine);
      out_.erase(machine);
      return;
    }
    const FailedProbe failed = scheduler_.probe_failed(machine, "test", now_);
    ASSERT_GT(failed.out_until, now_);
    ASSERT_EQ(scheduler_.machine(machine).standing() == Standing::backing_off,
              scheduler_.machine(machine).is_enabled &&
                  scheduler_.machine(machine).unusable_reason.empty());
    for (const StepId step : failed.ended.steps)
      ASSERT_TRUE(has_waited_in_vain(step)) << "step " << step.value();
    note(failed.ended.steps.size());
  }

  // Every machine that could take it is out, and has not answered its last probe.
  bool has_waited_in_vain(StepId id) {
    return std::all_of(able(id).begin(), able(id).end(), [&](MachineId machine) {
      return steps_[id.value()].refused.contains(machine) || out_.contains(machine) ||
             !scheduler_.machine(machine).unusable_reason.empty();
    });
  }

  void check_verdict(const Verdict& verdict, const ModelAttempt& attempt) {
    note(static_cast<std::uint64_t>(verdict.outcome) ^ verdict.fallen.size() << 8U);
    if (verdict.machine_out_until) out_.insert(verdict.machine);
    for (const auto& [machine, until] : verdict.quarantined)
      out_.insert(machine);
    if (verdict.retry_at)
      note(static_cast<std::uint64_t>(verdict.retry_at->time_since_epoch().count()));
    ASSERT_EQ(verdict.step, attempt.step);
    ASSERT_EQ(verdict.machine, attempt.machine);
    for (const StepId fallen : verdict.fallen)
      ASSERT_TRUE(is_final(scheduler_.state(fallen)));
    if (verdict.outcome == Verdict::Outcome::failed && !keeps_going_) is_stopped_ = true;
    if (verdict.outcome != Verdict::Outcome::retry) {
      ASSERT_TRUE(is_final(scheduler_.state(attempt.step)));
      return;
    }
    ModelStep& step = steps_[attempt.step.value()];
    const Retry retry = policy_of(verdict.failure.value()).retry;
    if (retry == Retry::elsewhere_only) {
      ASSERT_TRUE(step.refused.insert(attempt.machine).second);
    } else if (retry != Retry::anywhere_later) {
      step.tried.insert(attempt.machine);
    }
    ASSERT_GE(verdict.retry_at.value(), now_);
  }

  // Times when ends are rare, so that lines grow, and times when most attempts fail.
  void change_mood() {
    static constexpr std::array<std::uint32_t, 3> kEndShares{2, 15, 25};
    static constexpr std::array<std::uint32_t, 4> kFailurePercents{2, 30, 60, 95};
    end_share_ = kEndShares[below(kEndShares.size())];
    failure_percent_ = kFailurePercents[below(kFailurePercents.size())];
  }

  void event() {
    if (one_in(300)) change_mood();
    const std::uint32_t kind = below(100);
    if (kind < 20 && scheduler_.counts().unfinished() < 50) {
      add_step();
    } else if (kind < 50) {
      advance_attempt();
    } else if (kind < 50 + end_share_) {
      end_attempt(below(100) >= failure_percent_);
    } else if (kind < 50 + end_share_ + 2) {
      end_probe(!one_in(2));
    } else if (kind < 92) {
      now_ += milliseconds(below(1500));
      dispatch();
    } else {
      rare_event();
    }
  }

  void rare_event() {
    const std::uint32_t kind = below(100);
    const MachineId machine(below(machines_.size()));
    const StepId step(below(std::max<std::size_t>(steps_.size(), 1)));
    if (kind < 40) {
      scheduler_.set_machine_enabled(machine, !one_in(3));
    } else if (kind < 55) {
      if (scheduler_.report_machine_fault(machine, now_)) out_.insert(machine);
    } else if (kind < 70) {
      is_paused_ = one_in(3);
      is_paused_ ? scheduler_.pause(Pauser::owner, "test") : scheduler_.resume(Pauser::owner);
    } else if (kind < 73 && machines_.size() < 12) {
      add_machine();
    } else if (kind < 74) {
      scheduler_.set_machine_unusable(machine, "test");
    } else if (kind < 77) {
      abort_unsupported();
    } else if (steps_.empty()) {
      return;
    } else if (kind < 82) {
      scheduler_.cancel(step);
    } else if (scheduler_.state(step) != StepState::running) {
      if (kind < 85) scheduler_.abort(step, "test");
      if (!is_final(scheduler_.state(step))) scheduler_.complete_without_build(step);
    } else {
      EXPECT_EQ(scheduler_.why(step).reason, Reason::running);
    }
  }

  void abort_unsupported() {
    for (const StepId step : scheduler_.unsupported_steps()) {
      if (scheduler_.state(step) != StepState::running) scheduler_.abort(step, "unsupported");
    }
  }

  void finish() {
    scheduler_.resume(Pauser::owner);
    is_paused_ = false;
    for (std::uint32_t m = 0; m < machines_.size(); ++m) {
      scheduler_.set_machine_enabled(MachineId(m), true);
    }
    for (int i = 0; i < 100000 && !scheduler_.is_settled(); ++i) {
      if (testing::Test::HasFailure()) return;
      abort_unsupported();
      dispatch();
      if (!attempts_.empty()) end_attempt(true);
      end_probe(true);
      if (attempts_.empty()) now_ = std::max(now_, scheduler_.next_wakeup().value_or(now_));
    }
    ASSERT_TRUE(scheduler_.is_settled());
    check_all_ended();
  }

  void check_all_ended() {
    Counts counts;
    for (std::uint32_t s = 0; s < steps_.size(); ++s) {
      if (is_stopped_) scheduler_.cancel(StepId(s));
      ASSERT_TRUE(is_final(scheduler_.state(StepId(s)))) << "step " << s;
      ++counts.of(scheduler_.state(StepId(s)));
      ASSERT_FALSE(explain(scheduler_.why(StepId(s)), now_).empty());
    }
    ASSERT_EQ(counts, scheduler_.counts());
    for (std::uint32_t m = 0; m < machines_.size(); ++m) {
      ASSERT_EQ(scheduler_.machine(MachineId(m)).held, (std::array<std::uint32_t, 4>{}));
    }
  }

  Random random_;
  bool keeps_going_;
  Scheduler scheduler_;
  TimePoint now_{seconds(1)};
  std::vector<MachineSpec> machines_;
  std::vector<ModelStep> steps_;
  std::map<AttemptId, ModelAttempt> attempts_;
  /// Machines that are being probed.
  std::set<MachineId> probed_;
  /// Machines that were taken out and have not answered a probe since.
  std::set<MachineId> out_;
  std::uint32_t end_share_ = 15;
  std::uint32_t failure_percent_ = 30;
  bool is_paused_ = false;
  bool is_stopped_ = false;
  std::vector<StepId> open_;
  std::uint64_t digest_ = 0xcbf29ce484222325U;
};

int events_per_seed() {
  const char* wanted = std::getenv("FIRN_SCHED_EVENTS");
  return wanted != nullptr ? std::atoi(wanted) : 10000;
}

class SchedulerProperty : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SchedulerProperty, HoldsItsRulesUnderAnyEvents) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  RandomFarm(GetParam()).run(events_per_seed());
}

TEST_P(SchedulerProperty, DecidesTheSameForTheSameSeed) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  RandomFarm first(GetParam());
  RandomFarm second(GetParam());
  first.run(events_per_seed() / 10);
  second.run(events_per_seed() / 10);
  EXPECT_EQ(first.digest(), second.digest());
}

INSTANTIATE_TEST_SUITE_P(Seeds, SchedulerProperty, testing::Range<std::uint64_t>(1, 25));

}  // namespace
}  // namespace firn::sched
