// SPDX-License-Identifier: Apache-2.0
// Which kinds of machine can take which kinds of step. Steps with the same needs are one class,
// machines with the same offer one profile; every pair is matched once, when the second of the two
// is first seen.
#pragma once

#include "base/id.h"
#include "sched/interner.h"
#include "sched/spec.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace firn::sched {

using SystemId = Id<struct SystemTag, std::uint32_t>;
using FeatureId = Id<struct FeatureTag, std::uint32_t>;
using FeatureSetId = Id<struct FeatureSetTag, std::uint32_t>;
using ClassId = Id<struct ClassTag, std::uint32_t>;
using ProfileId = Id<struct ProfileTag, std::uint32_t>;

/// Sorted, without repeats.
using FeatureSet = std::vector<FeatureId>;

/// What a step asks of a machine.
struct StepClass {
  SystemId system;
  FeatureSetId features;
  Placement placement = Placement::anywhere;

  friend auto operator<=>(const StepClass&, const StepClass&) = default;
};

/// What a machine offers and insists on.
struct Profile {
  /// Sorted, without repeats.
  std::vector<SystemId> systems;
  /// Supported and mandatory.
  FeatureSet offered;
  FeatureSet mandatory;
  bool is_local = false;

  friend auto operator<=>(const Profile&, const Profile&) = default;
};

/// What stands between a class and a profile. Empty = it fits.
struct Gap {
  bool wrong_system = false;
  bool not_local = false;
  /// Features that the step requires and the machine lacks.
  FeatureSet missing;
  /// Features that the machine insists on and the step does not require.
  FeatureSet insisted;

  bool is_empty() const;
  /// For finding the nearest machine: another system is farther than any number of features.
  std::size_t distance() const;
};

/// One profile that fits a class. The lower rank is to be used first.
struct Choice {
  std::uint32_t rank = 0;
  ProfileId profile;

  friend auto operator<=>(const Choice&, const Choice&) = default;
};

/// All classes and profiles ever seen, and how they match: Nix's rule, by which mandatory features
/// count as supported and the system "builtin" is everybody's.
class Catalog {
 public:
  Catalog();

  ClassId class_of(const StepSpec& spec);
  ProfileId profile_of(const MachineSpec& spec);

  std::size_t class_count() const { return classes_.size(); }

  std::size_t profile_count() const { return profiles_.size(); }

  /// Profiles that fit, by rank: fewest features beyond the step's first; for "prefer local" the
  /// local ones before all.
  std::span<const Choice> choices(ClassId step_class) const { return choices_[step_class.value()]; }

  std::span<const ClassId> classes_for(ProfileId profile) const {
    return classes_for_[profile.value()];
  }

  /// Whether some kind of machine can take both.
  bool shares_machines(ClassId a, ClassId b) const;

  /// That steps of the class require.
  std::uint32_t feature_count(ClassId step_class) const {
    return static_cast<std::uint32_t>(feature_sets_[classes_[step_class].features].size());
  }

  bool fits(ClassId step_class, ProfileId profile) const;
  Gap gap(ClassId step_class, ProfileId profile) const;

  /// "{x86_64-linux, kvm}", features in alphabetical order.
  std::string describe(ClassId step_class) const;
  /// As Hydra calls the machines that it asks for: "x86_64-linux:big-parallel,kvm", where
  /// "prefer local" counts as a feature "local".
  std::string hydra_name(ClassId step_class) const;
  /// "misses kvm and insists on big-parallel"; empty where there is no gap.
  std::string describe_gap(ClassId step_class, ProfileId profile) const;

 private:
  FeatureSet feature_set(std::span<const std::string> names);
  std::string names_of(const FeatureSet& features) const;
  void match(ClassId step_class, ProfileId profile);

  Interner<std::string, SystemId> systems_;
  Interner<std::string, FeatureId> features_;
  Interner<FeatureSet, FeatureSetId> feature_sets_;
  Interner<StepClass, ClassId> classes_;
  Interner<Profile, ProfileId> profiles_;
  SystemId builtin_;
  std::vector<std::vector<Choice>> choices_;
  std::vector<std::vector<ClassId>> classes_for_;
};

}  // namespace firn::sched
