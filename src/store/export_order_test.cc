// SPDX-License-Identifier: Apache-2.0
#include "store/export_order.h"

#include "support/store_samples.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::store {
namespace {

using ::testing::ElementsAre;
using testing::stored;

/// A path that sorts by its letter.
nix::StorePath path(char letter) {
  return nix::StorePath::from_base_name(std::string(32, letter) + "-x");
}

std::string order_of(const std::vector<std::pair<char, std::string>>& wanted) {
  nix::StorePathSet paths;
  std::vector<nix::PathInfo> infos;
  for (const auto& [letter, references] : wanted) {
    paths.insert(path(letter));
    if (references == "gone") continue;
    nix::StorePathSet set;
    for (const char reference : references)
      set.insert(path(reference));
    infos.push_back(stored(path(letter), "", set).info);
  }
  std::string order;
  for (const auto& item : export_order(paths, infos)) {
    EXPECT_EQ(item.info != nullptr, item.info != nullptr && item.info->path == item.path);
    order += item.path.base_name().front();
  }
  return order;
}

TEST(ExportOrder, ReferencesComeFirst) {
  EXPECT_EQ(order_of({}), "");
  EXPECT_EQ(order_of({{'a', ""}, {'b', ""}}), "ab");
  EXPECT_EQ(order_of({{'a', "b"}, {'b', "c"}, {'c', ""}}), "cba");
  EXPECT_EQ(order_of({{'a', "cd"}, {'b', "d"}, {'c', "d"}, {'d', ""}}), "dcab");
}

TEST(ExportOrder, OthersAndOneselfDoNotCount) {
  EXPECT_EQ(order_of({{'a', "az"}, {'b', "z"}}), "ab");
}

TEST(ExportOrder, CirclesEnd) {
  EXPECT_EQ(order_of({{'a', "b"}, {'b', "a"}}), "ba");
}

TEST(ExportOrder, WhatIsNotValidHasItsPlace) {
  EXPECT_EQ(order_of({{'a', "b"}, {'b', "gone"}, {'c', ""}}), "bac");
}

}  // namespace
}  // namespace firn::store
