// SPDX-License-Identifier: Apache-2.0
// Whose step it is, and what follows for its place in line. A claim is made on one step and holds
// for everything below it; a step's rank is the best of the claims that reach it.
#pragma once

#include "base/id.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace firn::sched {

/// Those who share the farm's time, such as one for each jobset.
using GroupId = Id<struct GroupTag, std::uint32_t>;

/// Groups that need the same step.
using GroupSetId = Id<struct GroupSetTag, std::uint32_t>;

inline constexpr GroupSetId kNobody{0};

/// Somebody outside wants a step, and with it what it depends on: a build.
struct Claim {
  /// Over all groups; higher goes first.
  std::int64_t priority = 0;
  /// Among steps of the same share; higher goes first.
  std::int32_t local_priority = 0;
  /// Such as the build's number: lower goes first.
  std::uint32_t age = 0;
  /// Who is charged.
  GroupId group;
};

/// The best of several claims, part by part.
struct Rank {
  std::int64_t priority = 0;
  std::int32_t local_priority = 0;
  std::uint32_t age = std::numeric_limits<std::uint32_t>::max();
  /// All who are charged; nobody = unclaimed.
  GroupSetId groups = kNobody;

  bool is_claimed() const { return groups != kNobody; }

  friend bool operator==(const Rank&, const Rank&) = default;
};

}  // namespace firn::sched
