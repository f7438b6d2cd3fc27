// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Error, PutsTheOutermostContextFirst) {
  Error error(Kind::protocol, "unexpected end");
  EXPECT_STREQ(error.what(), "unexpected end");
  error.add_context("receiving a path");
  error.add_context("building x");
  EXPECT_STREQ(error.what(), "while building x: while receiving a path: unexpected end");
  EXPECT_THAT(error.context(), ElementsAre("receiving a path", "building x"));
  EXPECT_EQ(error.message(), "unexpected end");
}

TEST(Error, KeepsItsContextWhenRethrown) {
  try {
    try {
      throw Error(Kind::timeout, "too slow");
    } catch (Error& error) {
      error.add_context("waiting");
      throw;
    }
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "while waiting: too slow");
  }
}

TEST(Error, NamesEveryKind) {
  for (int i = 0; i <= static_cast<int>(Kind::internal); ++i) {
    EXPECT_FALSE(to_string(static_cast<Kind>(i)).empty());
  }
  EXPECT_EQ(to_string(Kind::not_found), "not found");
  EXPECT_EQ(to_string(Kind::internal), "internal");
}

TEST(SystemError, HasTheFittingKind) {
  const std::pair<int, Kind> cases[] = {{ENOENT, Kind::not_found},
                                        {EACCES, Kind::permission},
                                        {ENOSPC, Kind::resource},
                                        {EMFILE, Kind::resource},
                                        {ETIMEDOUT, Kind::timeout},
                                        {EEXIST, Kind::conflict},
                                        {EINVAL, Kind::invalid},
                                        {ECANCELED, Kind::cancelled},
                                        {ECONNRESET, Kind::unavailable}};
  for (const auto& [number, kind] : cases)
    EXPECT_EQ(system_error(number, "x").kind(), kind);
  EXPECT_EQ(system_error(ENOENT, "open /a").message(), "open /a: No such file or directory");
}

TEST(Check, ThrowsABugThatNamesTheCondition) {
  const auto broken = [] { FIRN_CHECK(1 + 1 == 3); };
  EXPECT_THROW(broken(), Bug);
  try {
    broken();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::internal);
    EXPECT_THAT(error.message(), HasSubstr("1 + 1 == 3"));
  }
}

}  // namespace
}  // namespace firn
