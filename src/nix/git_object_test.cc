// SPDX-License-Identifier: Apache-2.0
#include "nix/git_object.h"

#include "base/encoding.h"
#include "base/error.h"
#include "nix/file_tree.h"
#include "support/mutations.h"
#include "support/nar_trace.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

using namespace std::string_literals;

FileTree file(std::string contents, bool executable = false) {
  return {MemoryFile{.contents = std::move(contents), .executable = executable}};
}

GitEntry hash_tree(const FileTree& tree, HashAlgorithm algorithm = HashAlgorithm::sha1) {
  GitHasher hasher(algorithm);
  testing::parse_nar(to_nar(tree), hasher, 7);
  return hasher.root();
}

std::string digits(const GitEntry& entry) {
  return entry.hash.encode(HashForm::base16);
}

std::string refusal_of(const std::string& object) {
  try {
    parse_git_tree(object, HashAlgorithm::sha1);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

/// Known to everyone who uses Git.
TEST(GitHasher, KnowsTheEmptyBlobAndTree) {
  EXPECT_EQ(digits(hash_tree(file(""))), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(digits(hash_tree({FileTree::Folder{}})), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  EXPECT_EQ(digits(hash_tree({FileTree::Folder{}}, HashAlgorithm::sha256)),
            "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321");
}

TEST(GitHasher, HashesEveryKindOfEntry) {
  const auto blob_hash = [](std::string_view contents) {
    return hash_of(HashAlgorithm::sha1, git_blob(contents));
  };
  const FileTree inner{FileTree::Folder{{"x", file("x")}}};
  const FileTree tree{FileTree::Folder{
      {"d", inner}, {"f", file("f")}, {"l", {Link{"target"}}}, {"r", file("r", true)}}};
  const GitTree expected{{"d", hash_tree(inner)},
                         {"f", {.mode = GitMode::regular, .hash = blob_hash("f")}},
                         {"l", {.mode = GitMode::symlink, .hash = blob_hash("target")}},
                         {"r", {.mode = GitMode::executable, .hash = blob_hash("r")}}};
  const GitEntry root = hash_tree(tree);
  EXPECT_EQ(root.mode, GitMode::directory);
  EXPECT_EQ(root.hash, hash_of(HashAlgorithm::sha1, git_tree(expected)));
  EXPECT_EQ(hash_tree(file("r", true)).mode, GitMode::executable);
}

TEST(GitHasher, TakesTwoAlgorithms) {
  EXPECT_THROW(GitHasher{HashAlgorithm::sha512}, Error);
}

TEST(GitTree, SortsAFolderAsIfItEndedInASlash) {
  const Hash hash = hash_of(HashAlgorithm::sha1, "");
  const GitTree tree{{"a", {.mode = GitMode::directory, .hash = hash}},
                     {"a.b", {.mode = GitMode::regular, .hash = hash}},
                     {"a0", {.mode = GitMode::regular, .hash = hash}}};
  const std::string object = git_tree(tree);
  EXPECT_LT(object.find("a.b"s + '\0'), object.find("40000 a"s + '\0'));
  EXPECT_LT(object.find("40000 a"s + '\0'), object.find("a0"s + '\0'));
  EXPECT_EQ(parse_git_tree(object, HashAlgorithm::sha1), tree);
}

TEST(GitBlob, TakesItselfApart) {
  EXPECT_EQ(git_blob("hi"), "blob 2\0hi"s);
  EXPECT_EQ(parse_git_blob("blob 2\0hi"s), "hi");
  for (const std::string& bad :
       {""s, "blob"s, "blob 2"s, "blob 3\0hi"s, "blob x\0hi"s, "tree 0\0"s}) {
    EXPECT_THROW(parse_git_blob(bad), Error) << bad;
  }
}

TEST(GitTree, SaysWhereItIsBad) {
  const std::string digest(20, 'x');
  const auto tree = [](const std::string& body) {
    return "tree " + std::to_string(body.size()) + '\0' + body;
  };
  const std::pair<std::string, const char*> cases[] = {
      {"blob 0\0"s, "'tree ' at offset 0"},
      {"tree 1\0"s, "1 bytes to the end, not 0, at offset 7"},
      {tree("x"), "a mode: 40000"},
      {tree("100664 a\0"s + digest), "a mode: 40000, 100644, 100755 or 120000, at offset 8"},
      {tree("100644 a"), "a name and a zero byte at offset 14"},
      {tree("100644 a/b\0"s + digest), "the name of a file"},
      {tree("100644 a\0xx"s), "a sha1 digest"},
      {tree("100644 b\0"s + digest + "100644 a\0"s + digest), "sorts after"},
      {tree("100644 a\0"s + digest + "40000 a\0"s + digest), "is there once"},
  };
  for (const auto& [object, why] : cases)
    EXPECT_THAT(refusal_of(object), HasSubstr(why));
  EXPECT_THROW(parse_git_tree(tree(""), HashAlgorithm::md5), Error);
}

TEST(GitTree, DamageIsHarmless) {
  const Hash hash = hash_of(HashAlgorithm::sha1, "");
  const std::string object = git_tree({{"a", {.mode = GitMode::directory, .hash = hash}},
                                       {"b", {.mode = GitMode::regular, .hash = hash}}});
  const auto parse = [](const std::string& text) { parse_git_tree(text, HashAlgorithm::sha1); };
  testing::expect_every_cut_fails(object, parse);
  testing::expect_changed_bytes_are_harmless(object, parse);
}

}  // namespace
}  // namespace firn::nix
