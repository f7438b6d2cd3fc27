// SPDX-License-Identifier: Apache-2.0
#include "nix/store_path.h"

#include "base/error.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

const std::string kDigits = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q";

std::string refusal_of(std::string_view text) {
  try {
    parse_store_path(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.message();
  }
  return "nothing was thrown";
}

TEST(StorePath, TakesItselfApart) {
  const StorePath path = parse_store_path("/nix/store/" + kDigits + "-foo-1.2");
  EXPECT_EQ(path.hash_part(), kDigits);
  EXPECT_EQ(path.name(), "foo-1.2");
  EXPECT_EQ(path.base_name(), kDigits + "-foo-1.2");
  EXPECT_EQ(path.str(), "/nix/store/" + kDigits + "-foo-1.2");
  EXPECT_FALSE(path.is_derivation());
}

TEST(StorePath, SaysWhereTextIsNoPath) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "offset 0"},
      {"/nix/store", "offset 0"},
      {"/nix/store/", "offset 0"},
      {"/nix/storex" + kDigits + "-a", "offset 0"},
      {"/nix/store/" + kDigits, "offset 32"},
      {"/nix/store/" + kDigits + "_a", "offset 32"},
      {"/nix/store/" + kDigits + "-", "offset 33"},
      {"/nix/store/e" + kDigits + "-a", "offset 0"},
      {"/nix/store/" + kDigits + "-a/bin", "offset 34"},
      {"/nix/store/" + kDigits + "-a\n", "offset 34"},
      {"/nix/store/" + kDigits + "-" + std::string(212, 'a'), "offset 244"},
  };
  for (const auto& [text, where] : cases)
    EXPECT_THAT(refusal_of(text), HasSubstr(where)) << text;
}

TEST(StorePath, TakesTheLongestName) {
  EXPECT_EQ(StorePath::from_base_name(kDigits + "-" + std::string(211, 'a')).name().size(), 211U);
}

TEST(StorePath, KnowsWhatANameIs) {
  for (const char* name : {"out", ".gitignore", "...", "a+b-c._?=1"})
    EXPECT_TRUE(is_store_path_name(name)) << name;
  for (const char* name : {"", ".", "..", ".-a", "..-a", "a b", "a/b", "a\n"})
    EXPECT_FALSE(is_store_path_name(name)) << name;
  EXPECT_TRUE(is_store_path_name(std::string(211, 'a')));
  EXPECT_FALSE(is_store_path_name(std::string(212, 'a')));
}

TEST(StorePath, IsOrderedByBaseName) {
  const auto path = [](const char* name) {
    return StorePath::from_base_name(kDigits + "-" + name);
  };
  const StorePathSet set{path("b"), path("a"), path("B"), path("a")};
  EXPECT_THAT(set, ::testing::ElementsAre(path("B"), path("a"), path("b")));
  EXPECT_EQ(std::hash<StorePath>{}(path("a")), std::hash<StorePath>{}(path("a")));
}

TEST(DrvPath, NamesItsDerivation) {
  const DrvPath drv(StorePath::from_base_name(kDigits + "-foo.drv"));
  EXPECT_EQ(drv.derivation_name(), "foo");
  EXPECT_EQ(drv.str(), "/nix/store/" + kDigits + "-foo.drv");
}

TEST(DrvPath, RefusesOtherPaths) {
  EXPECT_THROW(DrvPath(StorePath::from_base_name(kDigits + "-foo")), Error);
}

}  // namespace
}  // namespace firn::nix
