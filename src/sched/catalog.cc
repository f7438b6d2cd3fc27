// SPDX-License-Identifier: Apache-2.0
#include "sched/catalog.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

namespace firn::sched {

namespace {

template <class Value>
void sort_unique(std::vector<Value>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

FeatureSet difference(const FeatureSet& from, const FeatureSet& what) {
  FeatureSet rest;
  std::set_difference(from.begin(), from.end(), what.begin(), what.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

bool Gap::is_empty() const {
  return !wrong_system && !not_local && missing.empty() && insisted.empty();
}

std::size_t Gap::distance() const {
  constexpr std::size_t kOtherSystem = 1U << 20U;
  return (wrong_system ? kOtherSystem : 0) + (not_local ? 1 : 0) + missing.size() + insisted.size();
}

Catalog::Catalog() : builtin_(systems_.intern(std::string_view("builtin"))) {}

FeatureSet Catalog::feature_set(std::span<const std::string> names) {
  FeatureSet set;
  set.reserve(names.size());
  for (const std::string& name : names)
    set.push_back(features_.intern(name));
  sort_unique(set);
  return set;
}

ClassId Catalog::class_of(const StepSpec& spec) {
  const std::size_t known = classes_.size();
  const ClassId id = classes_.intern(StepClass{
      .system = systems_.intern(spec.system),
      .features = feature_sets_.intern(feature_set(spec.required_features)),
      .placement = spec.placement,
  });
  if (classes_.size() == known) return id;
  choices_.emplace_back();
  for (std::uint32_t p = 0; p < profiles_.size(); ++p)
    match(id, ProfileId(p));
  return id;
}

ProfileId Catalog::profile_of(const MachineSpec& spec) {
  Profile profile;
  profile.is_local = spec.is_local;
  for (const std::string& system : spec.systems)
    profile.systems.push_back(systems_.intern(system));
  sort_unique(profile.systems);
  profile.mandatory = feature_set(spec.mandatory_features);
  profile.offered = feature_set(spec.supported_features);
  profile.offered.insert(profile.offered.end(), profile.mandatory.begin(), profile.mandatory.end());
  sort_unique(profile.offered);

  const std::size_t known = profiles_.size();
  const ProfileId id = profiles_.intern(profile);
  if (profiles_.size() == known) return id;
  classes_for_.emplace_back();
  for (std::uint32_t c = 0; c < classes_.size(); ++c)
    match(ClassId(c), id);
  return id;
}

void Catalog::match(ClassId step_class, ProfileId profile) {
  if (!gap(step_class, profile).is_empty()) return;
  const StepClass& wanted = classes_[step_class];
  const Profile& offer = profiles_[profile];
  auto rank =
      static_cast<std::uint32_t>(offer.offered.size() - feature_sets_[wanted.features].size());
  if (wanted.placement == Placement::prefer_local) rank = offer.is_local ? 0 : rank + 1;
  const Choice choice{.rank = rank, .profile = profile};
  auto& choices = choices_[step_class.value()];
  choices.insert(std::upper_bound(choices.begin(), choices.end(), choice), choice);
  classes_for_[profile.value()].push_back(step_class);
}

bool Catalog::fits(ClassId step_class, ProfileId profile) const {
  const auto& choices = choices_[step_class.value()];
  return std::any_of(choices.begin(), choices.end(), [&](const Choice& choice) {
    return choice.profile == profile;
  });
}

Gap Catalog::gap(ClassId step_class, ProfileId profile) const {
  const StepClass& wanted = classes_[step_class];
  const Profile& offer = profiles_[profile];
  const FeatureSet& required = feature_sets_[wanted.features];
  const bool has_system =
      wanted.system == builtin_ ||
      std::binary_search(offer.systems.begin(), offer.systems.end(), wanted.system);
  return Gap{
      .wrong_system = !has_system,
      .not_local = wanted.placement == Placement::local_only && !offer.is_local,
      .missing = difference(required, offer.offered),
      .insisted = difference(offer.mandatory, required),
  };
}

std::string Catalog::names_of(const FeatureSet& features) const {
  std::set<std::string_view> names;
  for (const FeatureId feature : features)
    names.insert(features_[feature]);
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

bool Catalog::shares_machines(ClassId a, ClassId b) const {
  return a == b || std::any_of(choices(a).begin(), choices(a).end(), [&](const Choice& choice) {
           return fits(b, choice.profile);
         });
}

std::string Catalog::hydra_name(ClassId step_class) const {
  const StepClass& wanted = classes_[step_class];
  std::set<std::string_view> names;
  for (const FeatureId feature : feature_sets_[wanted.features])
    names.insert(features_[feature]);
  if (wanted.placement == Placement::prefer_local) names.insert("local");
  std::string text = systems_[wanted.system];
  for (const std::string_view name : names)
    text.append(name == *names.begin() ? ":" : ",").append(name);
  return text;
}

std::string Catalog::describe(ClassId step_class) const {
  const StepClass& wanted = classes_[step_class];
  std::string text = "{" + systems_[wanted.system];
  const std::string features = names_of(feature_sets_[wanted.features]);
  if (!features.empty()) text += ", " + features;
  return text + "}";
}

std::string Catalog::describe_gap(ClassId step_class, ProfileId profile) const {
  const Gap gap = this->gap(step_class, profile);
  std::string text;
  const auto add = [&](std::string_view verb, const std::string& what) {
    if (what.empty()) return;
    if (!text.empty()) text += " and ";
    text.append(verb).append(what);
  };
  std::string missing = gap.wrong_system ? systems_[classes_[step_class].system] : "";
  if (gap.wrong_system && !gap.missing.empty()) missing += ", ";
  add("misses ", missing + names_of(gap.missing));
  add("insists on ", names_of(gap.insisted));
  add("is not ", gap.not_local ? "the local machine" : "");
  return text;
}

}  // namespace firn::sched
