// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace firn {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);

TEST(Secret, LeavesNothingWhereItCameFrom) {
  std::string source = "short";
  const char* buffer = source.data();
  Secret first(std::move(source));
  EXPECT_EQ(first.reveal(), "short");
  EXPECT_EQ(std::string(buffer, 5), std::string(5, '\0'));
  const char* inner = first.reveal().data();
  const Secret second(std::move(first));
  EXPECT_EQ(second.reveal(), "short");
  EXPECT_EQ(std::string(inner, 5), std::string(5, '\0'));
}

TEST(Secret, ReplacesAnother) {
  Secret secret(std::string(40, 'a'));
  secret = Secret(std::string(50, 'b'));
  EXPECT_EQ(secret.reveal(), std::string(50, 'b'));
}

TEST(Secret, WipesAllThatATextEverHeld) {
  std::string text(100, 'x');
  text.resize(10);
  const char* buffer = text.data();
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string(buffer, 100), std::string(100, '\0'));
}

}  // namespace
}  // namespace firn
