// SPDX-License-Identifier: Apache-2.0
#include "nix/build_result.h"

#include <gtest/gtest.h>

namespace firn::nix {
namespace {

TEST(BuildStatus, HasNixNames) {
  EXPECT_EQ(to_string(BuildStatus::built), "Built");
  EXPECT_EQ(to_string(BuildStatus::permanent_failure), "PermanentFailure");
  EXPECT_EQ(to_string(BuildStatus::timed_out), "TimedOut");
  EXPECT_EQ(to_string(BuildStatus::not_deterministic), "NotDeterministic");
  EXPECT_EQ(to_string(BuildStatus::no_substituters), "NoSubstituters");
  EXPECT_EQ(find_build_status("NoSubstituters"), BuildStatus::no_substituters);
  EXPECT_EQ(find_build_status("HashMismatch"), BuildStatus::output_rejected);
  EXPECT_EQ(find_build_status("status 77"), std::nullopt);
}

TEST(BuildStatus, UnknownNumbersSurvive) {
  const auto status = static_cast<BuildStatus>(77);
  EXPECT_FALSE(is_known(status));
  EXPECT_FALSE(is_success(status));
  EXPECT_EQ(to_string(status), "status 77");
  EXPECT_FALSE(is_known(static_cast<BuildStatus>(15)));
  EXPECT_TRUE(is_known(BuildStatus::no_substituters));
}

TEST(BuildStatus, FourNumbersAreSuccess) {
  for (int number = 0; number <= 255; ++number) {
    const bool expected = number <= 2 || number == 13;
    EXPECT_EQ(is_success(static_cast<BuildStatus>(number)), expected) << number;
  }
}

TEST(StripAnsi, RemovesSequencesAndNothingElse) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"plain\n", "plain\n"},
      {"\x1b[31;1merror:\x1b[0m builder for '\x1b[35;1m/nix\x1b[0m' failed",
       "error: builder for '/nix' failed"},
      {"cut short \x1b[31", "cut short "},
      {"\x1b[", ""},
      {"lone \x1b stays", "lone \x1b stays"},
      {"\x1b[K\x1b[?25lx", "x"},
  };
  for (const auto& [text, plain] : cases)
    EXPECT_EQ(strip_ansi(text), plain);
}

}  // namespace
}  // namespace firn::nix
