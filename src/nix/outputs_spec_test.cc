// SPDX-License-Identifier: Apache-2.0
#include "nix/outputs_spec.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;

TEST(OutputsSpec, IsAStarOrNames) {
  EXPECT_TRUE(parse_outputs_spec("*").is_all());
  EXPECT_THAT(parse_outputs_spec("out,dev,out").names, ElementsAre("dev", "out"));
  for (const char* text : {"*", "out", "dev,out"})
    EXPECT_EQ(to_string(parse_outputs_spec(text)), text);
}

TEST(OutputsSpec, RefusesWhatIsNoName) {
  for (const char* bad : {"", ",", "out,", ",out", "a b", "*,out", "a,*", ".", "out^dev", "&x"})
    EXPECT_THROW(parse_outputs_spec(bad), Error) << bad;
}

TEST(OutputsSpec, KnowsWhatItContains) {
  EXPECT_TRUE(parse_outputs_spec("*").contains("dev"));
  EXPECT_TRUE(parse_outputs_spec("dev,out").contains("dev"));
  EXPECT_FALSE(parse_outputs_spec("out").contains("dev"));
}

TEST(OutputsSpec, IsSplitOffAtTheLastCaret) {
  const auto [plain, none] = split_outputs_spec("nixpkgs#hello");
  EXPECT_EQ(plain, "nixpkgs#hello");
  EXPECT_FALSE(none.has_value());
  const auto [subject, some] = split_outputs_spec("a^b^dev,out");
  EXPECT_EQ(subject, "a^b");
  EXPECT_EQ(some, parse_outputs_spec("dev,out"));
  EXPECT_TRUE(split_outputs_spec("hello^*").second->is_all());
  EXPECT_THROW(split_outputs_spec("hello^"), Error);
}

}  // namespace
}  // namespace firn::nix
