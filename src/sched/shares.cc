// SPDX-License-Identifier: Apache-2.0
#include "sched/shares.h"

#include <algorithm>
#include <iterator>

namespace firn::sched {

using std::chrono::floor;
using std::chrono::minutes;

Shares::Shares(Duration window) : window_(window) {
  intern({});
}

GroupId Shares::add(std::uint32_t weight) {
  const GroupId id(size());
  groups_.emplace_back();
  set_weight(id, weight);
  return id;
}

void Shares::set_weight(GroupId group, std::uint32_t weight) {
  groups_.at(group.value()).weight = std::max(weight, 1U);
  note_change(group);
}

double Shares::used(GroupId group) const {
  return seconds(group) / groups_.at(group.value()).weight;
}

void Shares::charge(GroupId group, TimePoint began, Duration time, TimePoint now) {
  const Minute minute = floor<minutes>(began);
  if (minute + window_ <= now || time <= Duration::zero()) return;
  auto& booked = groups_.at(group.value()).minutes;
  if (booked.empty() || minute < booked.front().first) {
    if (!booked.empty()) oldest_.erase({booked.front().first, group});
    oldest_.emplace(minute, group);
  }
  const auto place =
      std::lower_bound(booked.begin(), booked.end(), minute, [](const auto& entry, Minute m) {
        return entry.first < m;
      });
  if (place != booked.end() && place->first == minute) {
    place->second += time;
  } else {
    booked.emplace(place, minute, time);
  }
  groups_[group.value()].total += time;
  note_change(group);
}

void Shares::charge_all(GroupSetId groups, TimePoint began, TimePoint now) {
  const auto payers = members(groups);
  for (const GroupId group : payers)
    charge(group, began, (now - began) / static_cast<Duration::rep>(payers.size()), now);
}

void Shares::expire(TimePoint now) {
  while (!oldest_.empty() && oldest_.begin()->first + window_ <= now) {
    const GroupId id = oldest_.begin()->second;
    oldest_.erase(oldest_.begin());
    Group& group = groups_[id.value()];
    for (auto& booked = group.minutes; !booked.empty() && booked.front().first + window_ <= now;
         booked.pop_front())
      group.total -= booked.front().second;
    if (!group.minutes.empty()) oldest_.emplace(group.minutes.front().first, id);
    note_change(id);
  }
}

GroupSetId Shares::intern(const Members& members) {
  const auto known = sets_.size();
  const GroupSetId id = sets_.intern(members);
  if (sets_.size() == known) return id;
  used_.push_back(0);
  for (const GroupId member : members) {
    groups_[member.value()].sets.push_back(id);
    note_change(member);
  }
  return id;
}

GroupSetId Shares::set_of(GroupId group) {
  return intern({group});
}

GroupSetId Shares::join(GroupSetId a, GroupSetId b) {
  if (a == b || b == kNobody) return a;
  if (a == kNobody) return b;
  if (b < a) std::swap(a, b);
  const auto [entry, is_new] = joins_.try_emplace(std::uint64_t{a.value()} << 32U | b.value());
  if (is_new) {
    Members both;
    std::set_union(sets_[a].begin(),
                   sets_[a].end(),
                   sets_[b].begin(),
                   sets_[b].end(),
                   std::back_inserter(both));
    entry->second = intern(both);
  }
  return entry->second;
}

void Shares::note_change(GroupId id) {
  for (const GroupSetId set : groups_[id.value()].sets) {
    const auto& members = sets_[set];
    double least = used(members.front());
    for (const GroupId member : members)
      least = std::min(least, used(member));
    if (used_[set.value()] == least) continue;
    used_[set.value()] = least;
    changed_.insert(set);
  }
}

std::vector<GroupSetId> Shares::take_changed() {
  std::vector<GroupSetId> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

}  // namespace firn::sched
