// SPDX-License-Identifier: Apache-2.0
// What each group has used of the farm's time within a window, against its share. Time is kept by
// the minute in which it began, so that what leaves the window is exactly what once came in.
#pragma once

#include "base/units.h"
#include "sched/interner.h"
#include "sched/rank.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace firn::sched {

/// The groups, the sets of groups that occur, and who has used how much.
class Shares {
 public:
  explicit Shares(Duration window = std::chrono::hours(24));

  /// `weight` is what the group has a right to, against the others'. 0 counts as 1.
  GroupId add(std::uint32_t weight);
  void set_weight(GroupId group, std::uint32_t weight);

  /// Books slot time that began then. What began before the window is not booked.
  void charge(GroupId group, TimePoint began, Duration time, TimePoint now);
  /// The same, in equal parts, to all of a set.
  void charge_all(GroupSetId groups, TimePoint began, TimePoint now);
  /// Forgets what has left the window.
  void expire(TimePoint now);

  /// In seconds.
  double seconds(GroupId group) const {
    return std::chrono::duration<double>(groups_.at(group.value()).total).count();
  }

  /// Seconds over weight.
  double used(GroupId group) const;

  /// That of the member that has used least: its claim is the best. Nobody has used nothing.
  double used(GroupSetId groups) const { return used_[groups.value()]; }

  GroupSetId set_of(GroupId group);
  GroupSetId join(GroupSetId a, GroupSetId b);

  std::span<const GroupId> members(GroupSetId groups) const { return sets_[groups]; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(groups_.size()); }

  /// The sets whose use has changed since the last call, once each.
  std::vector<GroupSetId> take_changed();

 private:
  using Members = std::vector<GroupId>;
  using Minute = std::chrono::time_point<std::chrono::steady_clock, std::chrono::minutes>;

  struct Group {
    double weight = 1;
    Duration total{};
    /// In order of time.
    std::deque<std::pair<Minute, Duration>> minutes;
    std::vector<GroupSetId> sets;
  };

  GroupSetId intern(const Members& members);
  void note_change(GroupId id);

  Duration window_;
  std::vector<Group> groups_;
  Interner<Members, GroupSetId> sets_;
  std::vector<double> used_;
  std::set<GroupSetId> changed_;
  std::unordered_map<std::uint64_t, GroupSetId> joins_;
  /// The oldest minute of each group that has any.
  std::set<std::pair<Minute, GroupId>> oldest_;
};

}  // namespace firn::sched
