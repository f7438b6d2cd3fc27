// SPDX-License-Identifier: Apache-2.0
#include "cli/signing_keys.h"

#include "base/error.h"
#include "support/temp_folder.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

/// Of no use to anybody: its seed is known.
std::string key_of(const std::string& name) {
  return name +
         ":AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGKiOPddAnxlf1S2y08ul1yyfDDKe8pS1ZODlWN9G"
         "dcbA==\n";
}

TEST(SigningKeys, AreReadFromTheirFiles) {
  const testing::TempFolder folder;
  const auto a = folder.write("a", key_of("farm-1"));
  const auto b = folder.write("b", key_of("farm-2"));
  const auto keys = load_signing_keys(" " + a.string() + "  " + b.string());
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].name(), "farm-1");
  EXPECT_EQ(keys[1].name(), "farm-2");
  EXPECT_TRUE(load_signing_keys("").empty());
}

TEST(SigningKeys, AFileThatHoldsNoneIsNamedAndNotShown) {
  const testing::TempFolder folder;
  const auto bad = folder.write("bad", "farm:c2VjcmV0\n");
  for (const auto& file : {bad.string(), std::string("/no/such/key")}) {
    try {
      load_signing_keys(file);
      ADD_FAILURE() << file;
    } catch (const Error& e) {
      const std::string words = e.what();
      EXPECT_NE(words.find(file), std::string::npos) << words;
      EXPECT_EQ(words.find("c2VjcmV0"), std::string::npos) << words;
    }
  }
}

}  // namespace
}  // namespace firn::cli
