// SPDX-License-Identifier: Apache-2.0
// Random claims and durations on random graphs, against ranks and chains worked out anew after
// every event.
#include "support/sched_farm.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

constexpr std::uint32_t kGroups = 3;

/// What a rank is, without sets of sets.
struct PlainRank {
  std::int64_t priority = 0;
  std::int32_t local_priority = 0;
  std::uint32_t age = 0xffffffffU;
  std::set<GroupId> groups;

  void add(const PlainRank& other) {
    if (other.groups.empty()) return;
    if (groups.empty()) {
      *this = other;
      return;
    }
    priority = std::max(priority, other.priority);
    local_priority = std::max(local_priority, other.local_priority);
    age = std::min(age, other.age);
    groups.insert(other.groups.begin(), other.groups.end());
  }

  friend bool operator==(const PlainRank&, const PlainRank&) = default;
};

class ClaimedFarm {
 public:
  explicit ClaimedFarm(std::uint64_t seed) : random_(seed), farm_({.seed = seed}) {
    for (std::uint32_t i = 0; i < kGroups; ++i)
      groups_.push_back(farm_.scheduler.add_group(1 + i));
    farm_.machine("m");
  }

  void run(int events) {
    for (int i = 0; i < events && !testing::Test::HasFailure(); ++i) {
      event();
      check_ranks();
    }
  }

 private:
  std::uint32_t below(std::size_t limit) {
    return static_cast<std::uint32_t>(random_.next() % limit);
  }

  bool is_open(std::size_t step) const {
    return !is_final(farm_.scheduler.state(StepId(static_cast<std::uint32_t>(step))));
  }

  void add_step() {
    std::set<StepId> dependencies;
    for (std::uint32_t i = below(4); i > 0 && !dependents_.empty(); --i) {
      const auto last = dependents_.size() - 1;
      dependencies.emplace(
          static_cast<std::uint32_t>(last - below(std::min<std::size_t>(last + 1, 12))));
    }
    durations_.push_back(1 + below(100));
    const StepId id = farm_.scheduler.add_step(
        {.name = "s", .system = kLinux, .expected_duration = milliseconds(durations_.back())},
        std::vector<StepId>(dependencies.begin(), dependencies.end()));
    dependents_.emplace_back();
    for (const StepId dependency : dependencies)
      dependents_[dependency.value()].push_back(id);
  }

  void claim() {
    if (dependents_.empty()) return;
    const StepId step(below(dependents_.size()));
    if (!is_open(step.value())) return;
    std::vector<Claim> claims(below(3));
    PlainRank own;
    for (Claim& claim : claims) {
      claim = {.priority = below(3),
               .local_priority = static_cast<std::int32_t>(below(3)),
               .age = below(100),
               .group = groups_[below(kGroups)]};
      own.add({.priority = claim.priority,
               .local_priority = claim.local_priority,
               .age = claim.age,
               .groups = {claim.group}});
    }
    own_[step] = own;
    expect_unclaimed(farm_.scheduler.set_claims(step, claims));
  }

  /// The machine takes the best of the steps that are ready.
  void start() {
    if (is_busy_) return;
    const auto assignments = farm_.assignments();
    check_chains();
    if (assignments.empty()) return;
    running_ = assignments.front();
    is_busy_ = true;
    const auto turn = turn_of(running_.step);
    for (std::uint32_t i = 0; i < dependents_.size(); ++i) {
      if (farm_.scheduler.state(StepId(i)) != StepState::ready) continue;
      ASSERT_LE(turn, turn_of(StepId(i))) << "step " << i << " should have gone first";
    }
  }

  std::pair<std::int64_t, double> turn_of(StepId step) const {
    const Rank& rank = farm_.scheduler.rank(step);
    return {-rank.priority, farm_.scheduler.shares().used(rank.groups)};
  }

  void end() {
    if (!is_busy_) return;
    is_busy_ = false;
    farm_.now += seconds(below(50));
    const auto verdict =
        below(4) == 0 ? farm_.fail(running_, FailureClass::build_failed) : farm_.succeed(running_);
    expect_unclaimed(verdict.unclaimed);
  }

  void cancel() {
    if (dependents_.empty()) return;
    const StepId step(below(dependents_.size()));
    if (is_busy_ && running_.step == step) return;
    expect_unclaimed(farm_.scheduler.cancel(step).unclaimed);
  }

  void expect_another_duration() {
    if (dependents_.empty()) return;
    const StepId step(below(dependents_.size()));
    durations_[step.value()] = 1 + below(100);
    farm_.scheduler.set_expected_duration(step, milliseconds(durations_[step.value()]));
  }

  void event() {
    const std::uint32_t kind = below(100);
    if (kind < 20) {
      add_step();
    } else if (kind < 25) {
      expect_another_duration();
    } else if (kind < 60) {
      claim();
    } else if (kind < 75) {
      start();
    } else if (kind < 95) {
      end();
    } else {
      cancel();
    }
  }

  PlainRank plain(const Rank& rank) const {
    PlainRank plain{.priority = rank.priority,
                    .local_priority = rank.local_priority,
                    .age = rank.age,
                    .groups = {}};
    for (const GroupId group : farm_.scheduler.shares().members(rank.groups))
      plain.groups.insert(group);
    return plain;
  }

  /// Dependents are younger.
  std::map<StepId, PlainRank> expected() const {
    std::map<StepId, PlainRank> ranks;
    for (auto i = static_cast<std::uint32_t>(dependents_.size()); i-- > 0;) {
      if (!is_open(i)) continue;
      const StepId id(i);
      PlainRank rank;
      if (const auto own = own_.find(id); own != own_.end()) rank.add(own->second);
      for (const StepId above : dependents_[i]) {
        if (const auto known = ranks.find(above); known != ranks.end()) rank.add(known->second);
      }
      ranks.emplace(id, rank);
    }
    return ranks;
  }

  /// As of a dispatch.
  void check_chains() const {
    std::vector<std::uint32_t> chains(dependents_.size());
    for (auto i = static_cast<std::uint32_t>(dependents_.size()); i-- > 0;) {
      if (!is_open(i)) continue;
      for (const StepId above : dependents_[i])
        chains[i] = std::max(chains[i], chains[above.value()]);
      chains[i] += durations_[i];
      ASSERT_EQ(farm_.scheduler.critical_path(StepId(i)), milliseconds(chains[i])) << "step " << i;
    }
  }

  void check_ranks() {
    for (const auto& [id, rank] : expected())
      ASSERT_EQ(plain(farm_.scheduler.rank(id)), rank) << "step " << id.value();
  }

  /// Those that were claimed before the event and are not any more.
  void expect_unclaimed(const std::vector<StepId>& told) {
    std::set<StepId> claimed;
    for (const auto& [id, rank] : expected()) {
      if (!rank.groups.empty()) claimed.insert(id);
    }
    std::set<StepId> lost;
    for (const StepId id : claimed_) {
      if (is_open(id.value()) && !claimed.contains(id)) lost.insert(id);
    }
    ASSERT_EQ(std::set<StepId>(told.begin(), told.end()), lost);
    claimed_ = std::move(claimed);
  }

  Random random_;
  SchedFarm farm_;
  std::vector<GroupId> groups_;
  std::vector<std::vector<StepId>> dependents_;
  std::vector<std::uint32_t> durations_;
  std::map<StepId, PlainRank> own_;
  std::set<StepId> claimed_;
  Assignment running_;
  bool is_busy_ = false;
};

class ClaimsProperty : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ClaimsProperty, EveryRankIsTheBestOfTheClaimsThatReachIt) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  ClaimedFarm(GetParam()).run(400);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClaimsProperty, testing::Range<std::uint64_t>(1, 25));

}  // namespace
}  // namespace firn::sched
