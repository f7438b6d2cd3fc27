// SPDX-License-Identifier: Apache-2.0
#include "nix/file_tree.h"
#include "nix/git_object.h"
#include "nix/json.h"
#include "support/golden.h"
#include "support/nar_trace.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using GitGolden = testing::GoldenTest;

/// "<mode> <kind> <hash><tab><name>" a line.
GitTree listed(const std::string& listing, HashAlgorithm algorithm) {
  GitTree tree;
  std::istringstream lines(listing);
  std::string mode;
  std::string kind;
  std::string hash;
  std::string name;
  while (lines >> mode >> kind >> hash && lines.get() == '\t' && std::getline(lines, name)) {
    tree.emplace(name,
                 GitEntry{.mode = static_cast<GitMode>(std::stoul(mode, nullptr, 8)),
                          .hash = parse_hash(hash, algorithm)});
  }
  return tree;
}

TEST_F(GitGolden, Blobs) {
  const std::string contents = testing::read_golden("git/hello-world.bin");
  const std::string object = testing::read_golden("git/hello-world-blob.bin");
  EXPECT_EQ(git_blob(contents), object);
  EXPECT_EQ(parse_git_blob(object), contents);
}

TEST_F(GitGolden, Trees) {
  for (const auto& file : testing::golden_files("git", ".bin")) {
    const std::string name = file.filename().string();
    if (!name.starts_with("tree-")) continue;
    SCOPED_TRACE(name);
    const auto algorithm = find_hash_algorithm(file.stem().string().substr(5)).value();
    const std::string object = testing::read_golden(file);
    const GitTree tree = parse_git_tree(object, algorithm);
    EXPECT_EQ(git_tree(tree), object);
    auto listing = file;
    EXPECT_EQ(tree, listed(testing::read_golden(listing.replace_extension(".txt")), algorithm));
    EXPECT_EQ(tree.at("Foo").hash,
              hash_of(algorithm, testing::read_golden("git/hello-world-blob.bin")));
  }
}

}  // namespace
}  // namespace firn::nix
