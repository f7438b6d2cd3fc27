// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace firn {
namespace {

constexpr std::array<std::string_view, 5> kWords = {
    "--keep-going", "--timeout", "--arg", "--argstr", "--out-link"};

TEST(Nearest, FindsWhatWasMeant) {
  const struct {
    std::string_view word;
    std::string_view meant;
  } cases[] = {
      {"--keep-goign", "--keep-going"},
      {"--keepgoing", "--keep-going"},
      {"--timeuot", "--timeout"},
      {"--args", "--arg"},
      {"--outlink", "--out-link"},
      {"--arg", "--arg"},
  };

  for (const auto& c : cases)
    EXPECT_EQ(nearest(c.word, kWords), c.meant);
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_FALSE(nearest("--verbose", kWords));
  EXPECT_FALSE(nearest("-x", kWords));
  EXPECT_FALSE(nearest("", kWords));
  EXPECT_FALSE(nearest("--arg", {}));
  EXPECT_FALSE(nearest(std::string(100'000, 'x'), kWords));
}

}  // namespace
}  // namespace firn
