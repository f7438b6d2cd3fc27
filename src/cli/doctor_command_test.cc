// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_command.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

std::variant<DoctorCommand, Exit> parse(const std::vector<const char*>& words) {
  std::vector<const char*> argv{"doctor"};
  argv.insert(argv.end(), words.begin(), words.end());
  return parse_doctor(static_cast<int>(argv.size()), argv.data());
}

TEST(DoctorCommand, TakesMachinesAndAList) {
  const auto parsed = parse({"b1", "--builders", "ssh://b1 ; ssh://b2", "--json", "ssh://b3"});
  const auto* command = std::get_if<DoctorCommand>(&parsed);
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->machines, (std::vector<std::string>{"b1", "ssh://b3"}));
  EXPECT_EQ(command->builders, "ssh://b1 ; ssh://b2");
  EXPECT_TRUE(command->json);
}

TEST(DoctorCommand, RefusesWhatItDoesNotKnow) {
  const auto parsed = parse({"--jsn", "b1"});
  const auto* exit = std::get_if<Exit>(&parsed);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->code, ExitCode::usage);
  EXPECT_NE(exit->text.find("did you mean --json?"), std::string::npos) << exit->text;
}

TEST(DoctorCommand, HelpTellsTheExitCodes) {
  const auto parsed = parse({"--help"});
  const auto* exit = std::get_if<Exit>(&parsed);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->code, ExitCode::success);
  EXPECT_NE(exit->text.find("Exit codes:"), std::string::npos);
}

}  // namespace
}  // namespace firn::cli
