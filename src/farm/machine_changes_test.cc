// SPDX-License-Identifier: Apache-2.0
#include "farm/machine_changes.h"

#include "farm/machine_access.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using Names = std::vector<std::string>;
using Places = std::vector<std::size_t>;

std::vector<nix::Machine> machines(std::string_view text) {
  return nix::parse_machines(
             text, "--builders", [](const std::string&) { return std::optional<std::string>(); })
      .machines;
}

MachineChanges changes(std::string_view before, std::string_view after) {
  return changes_between(machines(before), machines(after));
}

Names added(const MachineChanges& changes) {
  Names names;
  for (const auto& machine : changes.added)
    names.push_back(name_of(machine));
  return names;
}

TEST(MachineChanges, EqualListsHaveNone) {
  const auto none =
      changes("ssh://b1 x86_64-linux - 2; ssh://b2", "ssh://b2; ssh://b1 x86_64-linux - 2");
  EXPECT_TRUE(none.added.empty());
  EXPECT_TRUE(none.removed.empty());
  EXPECT_TRUE(none.changed.empty());
}

TEST(MachineChanges, MachinesComeAndGo) {
  const auto found = changes("ssh://b1; ssh://b2; ssh://b3", "ssh://b4; ssh://b2; ssh://b5");
  EXPECT_EQ(added(found), (Names{"ssh://b4", "ssh://b5"}));
  EXPECT_EQ(found.removed, (Places{0, 2}));
  EXPECT_TRUE(found.changed.empty());
}

TEST(MachineChanges, ALineThatSaysSomethingElseHasChanged) {
  const auto found = changes("ssh://b1; ssh://b2 - - 2 1 kvm", "ssh://b1; ssh://b2 - - 4 1 kvm");
  EXPECT_TRUE(found.added.empty());
  EXPECT_TRUE(found.removed.empty());
  ASSERT_EQ(found.changed.size(), 1U);
  EXPECT_EQ(found.changed[0].before, 1U);
  EXPECT_EQ(found.changed[0].after.max_jobs, 4U);
}

TEST(MachineChanges, ParametersOfTheUriCount) {
  EXPECT_EQ(changes("ssh://b1", "ssh://b1?compress=true").changed.size(), 1U);
}

TEST(MachineChanges, OfTwoLinesForOneMachineTheEqualOneStays) {
  const auto found = changes("ssh://b1 x86_64-linux; ssh://b1 i686-linux",
                             "ssh://b1 i686-linux; ssh://b1 riscv64-linux; ssh://b1 armv7l-linux");
  ASSERT_EQ(found.changed.size(), 1U);
  EXPECT_EQ(found.changed[0].before, 0U);
  EXPECT_EQ(found.changed[0].after.systems, std::set<std::string>{"riscv64-linux"});
  EXPECT_EQ(added(found), Names{"ssh://b1"});
  EXPECT_TRUE(found.removed.empty());
}

TEST(MachineChanges, FromNothingAndToNothing) {
  EXPECT_EQ(added(changes("", "ssh://b1")), Names{"ssh://b1"});
  EXPECT_EQ(changes("ssh://b1", "").removed, Places{0});
}

}  // namespace
}  // namespace firn::farm
