// SPDX-License-Identifier: Apache-2.0
#include "cli/machines.h"

#include "base/error.h"
#include "farm/machine_access.h"
#include "support/refusal.h"
#include "support/temp_folder.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using Names = std::vector<std::string>;

Names names(const Machines& machines) {
  Names result;
  for (const auto& machine : machines.machines)
    result.push_back(farm::name_of(machine));
  return result;
}

TEST(Machines, ThisOneIsAddedWhereItMayBuild) {
  EXPECT_EQ(names(assemble_machines("ssh://b1; ssh://b2", 0)), (Names{"ssh://b1", "ssh://b2"}));
  EXPECT_EQ(names(assemble_machines("ssh://b1", 4)), (Names{"ssh://b1", "localhost"}));
  EXPECT_EQ(names(assemble_machines("", 4)), Names{"localhost"});
}

TEST(Machines, ThisOneIsNotAddedTwice) {
  const auto machines = assemble_machines("localhost - - 7; ssh://b1", 4);
  EXPECT_EQ(names(machines), (Names{"localhost", "ssh://b1"}));
  EXPECT_EQ(machines.machines[0].max_jobs, 7U);
}

TEST(Machines, ThisOneKnowsWhatItIs) {
  const nix::Machine machine = this_machine(3);
  EXPECT_TRUE(farm::is_local(machine));
  EXPECT_EQ(machine.max_jobs, 3U);
  EXPECT_TRUE(machine.systems.contains(own_system()));
  EXPECT_TRUE(own_system().ends_with("-linux")) << own_system();
  EXPECT_EQ(machine.systems.contains("i686-linux"), own_system() == "x86_64-linux");
  EXPECT_TRUE(machine.supported_features.contains("big-parallel"));
  EXPECT_TRUE(machine.mandatory_features.empty());
}

TEST(Machines, ReadsAFile) {
  const testing::TempFolder folder;
  const auto file = folder.write("machines", "# ours\nssh://b1 x86_64-linux - 2\n\nssh://b2\n");
  const auto machines = assemble_machines("@" + file.string(), 0);
  EXPECT_EQ(names(machines), (Names{"ssh://b1", "ssh://b2"}));
  EXPECT_TRUE(machines.warnings.empty());
}

TEST(Machines, ABadLineCostsItselfAndAWarning) {
  const testing::TempFolder folder;
  const auto file =
      folder.write("machines", "ssh://b1\nssh://b2 x86_64-linux - eight\ns3://b3\nssh://b4\n");
  const auto machines = assemble_machines("@" + file.string(), 0);
  EXPECT_EQ(names(machines), (Names{"ssh://b1", "ssh://b4"}));
  ASSERT_EQ(machines.warnings.size(), 2U);
  EXPECT_NE(machines.warnings[0].find(file.string() + ":2"), std::string::npos)
      << machines.warnings[0];
  EXPECT_NE(machines.warnings[1].find("s3"), std::string::npos) << machines.warnings[1];
}

TEST(Machines, AMissingFileIsAWarning) {
  const auto machines = assemble_machines("@/no/such/file", 2);
  EXPECT_EQ(names(machines), Names{"localhost"});
  ASSERT_EQ(machines.warnings.size(), 1U);
  EXPECT_NE(machines.warnings[0].find("/no/such/file"), std::string::npos);
}

TEST(Machines, NothingLeftSaysWhyAndWhatToDo) {
  try {
    assemble_machines("@/no/such/file", 0);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::invalid);
    EXPECT_NE(e.message().find("/no/such/file"), std::string::npos) << e.message();
    EXPECT_NE(e.message().find("--max-jobs"), std::string::npos) << e.message();
  }
}

std::string refusal(const std::string& builders) {
  return testing::refusal_of([&] { reread_machines(builders, 2); });
}

TEST(RereadMachines, TakesWhatIsWhole) {
  const testing::TempFolder folder;
  const auto file = folder.write("machines", "ssh://b1\n").string();
  const auto machines = reread_machines("@" + file, 2);
  ASSERT_EQ(machines.size(), 2U);
  EXPECT_EQ(farm::name_of(machines[0]), "ssh://b1");
  EXPECT_TRUE(farm::is_local(machines[1]));
}

TEST(RereadMachines, ABadLineIsNamedAndNothingIsTaken) {
  const testing::TempFolder folder;
  const auto file = folder.write("machines", "ssh://b1\nssh://b2 x86_64-linux - many\n").string();
  EXPECT_TRUE(refusal("@" + file).starts_with(file + ":2: ")) << refusal("@" + file);
}

TEST(RereadMachines, AMissingOrEmptyFileIsRefused) {
  const testing::TempFolder folder;
  const auto empty = folder.write("machines", "# none\n").string();
  EXPECT_EQ(refusal("@" + empty), empty + " names no machine");
  const auto missing = (folder.path() / "none").string();
  EXPECT_EQ(refusal("@" + missing), missing + ": no such file");
}

}  // namespace
}  // namespace firn::cli
