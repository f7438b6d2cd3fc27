// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluation_roots.h"

#include "base/error.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>

namespace firn::eval {
namespace {

namespace fs = std::filesystem;

TEST(EvaluationRoots, LeaveNothingBehind) {
  fs::path folder;
  {
    EvaluationRoots roots;
    folder = roots.folder();
    EXPECT_TRUE(folder.is_absolute());
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all);
    fs::create_symlink("/nix/store/none", roots.next_link());
    std::ofstream(roots.next_link()) << "text";
    EXPECT_FALSE(fs::is_empty(folder));
  }
  EXPECT_FALSE(fs::exists(folder));
}

TEST(EvaluationRoots, HandOutEachLinkOnce) {
  EvaluationRoots roots;
  std::set<fs::path> links;
  for (int i = 0; i < 20; ++i)
    links.insert(roots.next_link());
  EXPECT_EQ(links.size(), 20U);
}

TEST(EvaluationRoots, NameTheFolderThatTheyCannotMake) {
  try {
    const EvaluationRoots roots("/no/such/folder");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::not_found);
    EXPECT_STREQ(e.what(), "make a folder in /no/such/folder: No such file or directory");
  }
}

}  // namespace
}  // namespace firn::eval
