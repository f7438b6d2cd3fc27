// SPDX-License-Identifier: Apache-2.0
#include "sched/catalog.h"

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using Names = std::vector<std::string>;

struct MatchCase {
  const char* what;
  std::string_view system;
  Names required;
  Placement placement;
  MachineSpec machine;
  const char* gap;
};

MachineSpec builder(Names systems, Names supported = {}, Names mandatory = {}) {
  return {.name = "b",
          .systems = std::move(systems),
          .supported_features = std::move(supported),
          .mandatory_features = std::move(mandatory)};
}

TEST(Catalog, MatchesAsNixDoes) {
  MachineSpec local = builder({"a"});
  local.is_local = true;
  const MatchCase cases[] = {
      {"system", "a", {}, Placement::anywhere, builder({"b", "a"}), ""},
      {"other system", "c", {}, Placement::anywhere, builder({"b", "a"}), "misses c"},
      {"builtin is everybody's", "builtin", {}, Placement::anywhere, builder({"b"}), ""},
      {"supported", "a", {"kvm"}, Placement::anywhere, builder({"a"}, {"kvm", "x"}), ""},
      {"lacking", "a", {"kvm", "x"}, Placement::anywhere, builder({"a"}, {"x"}), "misses kvm"},
      {"mandatory counts as supported",
       "a",
       {"kvm"},
       Placement::anywhere,
       builder({"a"}, {}, {"kvm"}),
       ""},
      {"mandatory", "a", {}, Placement::anywhere, builder({"a"}, {}, {"kvm"}), "insists on kvm"},
      {"both",
       "c",
       {"z", "y"},
       Placement::anywhere,
       builder({"a"}, {}, {"kvm"}),
       "misses c, y, z and insists on kvm"},
      {"remote", "a", {}, Placement::local_only, builder({"a"}), "is not the local machine"},
      {"local", "a", {}, Placement::local_only, local, ""},
      {"preferred local", "a", {}, Placement::prefer_local, builder({"a"}), ""},
      {"repeats", "a", {"k", "k"}, Placement::anywhere, builder({"a", "a"}, {"k", "k"}), ""},
  };
  for (const MatchCase& c : cases) {
    for (const bool step_first : {true, false}) {
      Catalog catalog;
      const StepSpec spec{
          .system = c.system, .required_features = c.required, .placement = c.placement};
      if (step_first) catalog.class_of(spec);
      const ProfileId profile = catalog.profile_of(c.machine);
      const ClassId step_class = catalog.class_of(spec);
      EXPECT_EQ(catalog.describe_gap(step_class, profile), c.gap) << c.what;
      EXPECT_EQ(catalog.fits(step_class, profile), std::string_view(c.gap).empty()) << c.what;
      EXPECT_EQ(catalog.classes_for(profile).size(), catalog.choices(step_class).size()) << c.what;
    }
  }
}

TEST(Catalog, GivesEqualNeedsAndOffersOneId) {
  Catalog catalog;
  const Names one{"kvm", "big"};
  const Names two{"big", "kvm", "big"};
  EXPECT_EQ(catalog.class_of({.system = "a", .required_features = one}),
            catalog.class_of({.system = "a", .required_features = two}));
  EXPECT_NE(catalog.class_of({.system = "a", .required_features = one}),
            catalog.class_of({.system = "b", .required_features = one}));
  EXPECT_EQ(catalog.class_count(), 2U);
  EXPECT_EQ(catalog.profile_of(builder({"a", "b"}, one, {"kvm"})),
            catalog.profile_of(builder({"b", "a"}, {"big"}, {"kvm"})));
  EXPECT_NE(catalog.profile_of(builder({"a"}, one)), catalog.profile_of(builder({"a"}, {}, one)));
}

TEST(Catalog, PrefersTheFewestFeaturesBeyondTheSteps) {
  Catalog catalog;
  const ProfileId rich = catalog.profile_of(builder({"a"}, {"kvm", "big", "x"}));
  const ClassId plain = catalog.class_of({.system = "a"});
  const ProfileId poor = catalog.profile_of(builder({"a"}));
  const ProfileId middle = catalog.profile_of(builder({"a"}, {"kvm"}));
  const auto choices = catalog.choices(plain);
  ASSERT_EQ(choices.size(), 3U);
  EXPECT_EQ(choices[0].profile, poor);
  EXPECT_EQ(choices[1].profile, middle);
  EXPECT_EQ(choices[2].profile, rich);
}

TEST(Catalog, PutsTheLocalMachineFirstForStepsThatPreferIt) {
  Catalog catalog;
  const ProfileId poor = catalog.profile_of(builder({"a"}));
  MachineSpec local = builder({"a"}, {"kvm", "big"});
  local.is_local = true;
  const ProfileId here = catalog.profile_of(local);
  const auto choices =
      catalog.choices(catalog.class_of({.system = "a", .placement = Placement::prefer_local}));
  ASSERT_EQ(choices.size(), 2U);
  EXPECT_EQ(choices[0].profile, here);
  EXPECT_EQ(choices[1].profile, poor);
}

TEST(Catalog, DescribesWhatAStepAsksFor) {
  Catalog catalog;
  const Names features{"nixos-test", "kvm"};
  EXPECT_EQ(catalog.describe(catalog.class_of({.system = "a", .required_features = features})),
            "{a, kvm, nixos-test}");
  EXPECT_EQ(catalog.describe(catalog.class_of({.system = "a"})), "{a}");
}

TEST(Gap, CallsAnotherSystemFartherThanAnyFeature) {
  Catalog catalog;
  const Names features{"p", "q", "r"};
  const ClassId step_class = catalog.class_of({.system = "a", .required_features = features});
  const Gap other_system = catalog.gap(step_class, catalog.profile_of(builder({"b"}, features)));
  const Gap no_features = catalog.gap(step_class, catalog.profile_of(builder({"a"})));
  EXPECT_LT(no_features.distance(), other_system.distance());
}

}  // namespace
}  // namespace firn::sched
