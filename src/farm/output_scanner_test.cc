// SPDX-License-Identifier: Apache-2.0
#include "farm/output_scanner.h"

#include "farm/outputs_on_disk.h"
#include "nix/file_tree.h"
#include "support/temp_folder.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

namespace fs = std::filesystem;

using nix::FileTree;

FileTree file(std::string contents) {
  return {nix::MemoryFile{.contents = std::move(contents)}};
}

FileTree link(std::string target) {
  return {nix::Link{std::move(target)}};
}

OutputScan scan(const FileTree& tree, std::size_t piece = 1'000'000) {
  const std::string nar = nix::to_nar(tree);
  OutputScanner scanner;
  nix::NarParser parser(scanner);
  for (std::string_view rest = nar; !rest.empty();)
    rest.remove_prefix(parser.feed(as_bytes(rest.substr(0, std::min(piece, rest.size())))));
  parser.check_done();
  return scanner.finish();
}

const auto kOutput = nix::StorePath::from_base_name(std::string(32, 'a') + "-x");

/// The same output in a folder.
class OnDisk {
 public:
  explicit OnDisk(const FileTree& tree) { write(tree, folder_.path() / kOutput.base_name()); }

  OutputsOnDisk store() const { return OutputsOnDisk(folder_.path()); }

 private:
  void write(const FileTree& tree, const fs::path& path) {
    if (const auto* file = std::get_if<nix::MemoryFile>(&tree.node)) {
      folder_.write(path, file->contents);
    } else if (const auto* link = std::get_if<nix::Link>(&tree.node)) {
      fs::create_symlink(link->target, path);
    } else {
      fs::create_directories(path);
      for (const auto& [name, entry] : std::get<FileTree::Folder>(tree.node))
        write(entry, path / name);
    }
  }

  testing::TempFolder folder_;
};

FileTree sample() {
  FileTree::Folder support;
  support.emplace("failed", link("/nowhere"));
  support.emplace("hydra-build-products", file("file x /f\n"));
  support.emplace("hydra-metrics", file(""));
  support.emplace("hydra-release-name", link("hydra-metrics"));
  FileTree::Folder deep;
  deep.emplace("nix-support", FileTree{FileTree::Folder{{"failed", file("")}}});
  FileTree::Folder root;
  root.emplace("deep", FileTree{std::move(deep)});
  root.emplace("empty", file(""));
  root.emplace("file", file("hello"));
  root.emplace("link", link("deep"));
  root.emplace("nix-support", FileTree{std::move(support)});
  root.emplace("share", FileTree{FileTree::Folder{{"hydra-metrics", file("a 1\n")}}});
  return {std::move(root)};
}

// QR-150: links say nothing, and "failed" may be anything.
TEST(OutputScanner, KeepsWhatIsSaidInNixSupport) {
  const OutputNotes expected{.root = MemberType::directory,
                             .products = "file x /f\n",
                             .release_name = std::nullopt,
                             .metrics = "",
                             .has_failed = true};
  EXPECT_EQ(scan(sample()).notes, expected);
  EXPECT_EQ(scan(sample(), 1).notes, expected);
  EXPECT_EQ(OnDisk(sample()).store().notes(kOutput), expected);
}

// QR-150, QR-152, QR-161: links are not followed; empty files have a hash.
TEST(OutputScanner, FindsMembersAsTheDiskHasThem) {
  const auto scanned = scan(sample(), 7);
  const OnDisk disk(sample());
  const auto regular = [](std::string_view contents) {
    return Member{.type = MemberType::regular,
                  .size = contents.size(),
                  .sha256 = hash_of(HashAlgorithm::sha256, contents)};
  };

  const struct {
    std::string_view inside;
    std::optional<Member> member;
  } cases[] = {{"", Member{.type = MemberType::directory}},
               {"deep", Member{.type = MemberType::directory}},
               {"deep/nix-support/failed", regular("")},
               {"empty", regular("")},
               {"file", regular("hello")},
               {"link", Member{.type = MemberType::symlink}},
               {"link/nix-support", std::nullopt},
               {"file/x", std::nullopt},
               {"none", std::nullopt},
               {"deep/none", std::nullopt}};

  for (const auto& c : cases) {
    EXPECT_EQ(scanned.find(c.inside), c.member) << c.inside;
    EXPECT_EQ(disk.store().find(kOutput, c.inside), c.member) << c.inside;
  }
}

TEST(OutputScanner, KnowsRootsThatAreNoFolders) {
  EXPECT_EQ(scan(file("x")).notes, (OutputNotes{.root = MemberType::regular}));
  EXPECT_EQ(scan(link("x")).notes, (OutputNotes{.root = MemberType::symlink}));
  EXPECT_EQ(OnDisk(file("x")).store().notes(kOutput), (OutputNotes{.root = MemberType::regular}));
  EXPECT_EQ(OnDisk(link("/")).store().notes(kOutput), (OutputNotes{.root = MemberType::symlink}));
}

TEST(OutputScanner, DoesNotFollowALinkToNixSupport) {
  FileTree::Folder root;
  root.emplace("a", FileTree{FileTree::Folder{{"hydra-metrics", file("a 1\n")}}});
  root.emplace("nix-support", link("a"));
  const FileTree tree{std::move(root)};
  EXPECT_EQ(scan(tree).notes, OutputNotes());
  EXPECT_EQ(OnDisk(tree).store().notes(kOutput), OutputNotes());
}

// QR-162.
TEST(OutputScanner, BoundsWhatItKeeps) {
  const std::string lines = "a 1\n" + std::string(kMostNoteBytes, 'x');
  FileTree::Folder root;
  root.emplace("nix-support", FileTree{FileTree::Folder{{"hydra-metrics", file(lines)}}});
  const FileTree tree{std::move(root)};
  EXPECT_EQ(scan(tree, 100'000).notes.metrics, "a 1\n");
  EXPECT_EQ(OnDisk(tree).store().notes(kOutput).metrics, "a 1\n");
}

TEST(OutputScanner, BoundsMembers) {
  OutputScanner scanner(3);
  scanner.begin_directory("");
  scanner.symlink("1", "x");
  scanner.symlink("2", "x");
  scanner.begin_directory("a");
  scanner.begin_file("b", false, 0);
  scanner.end_file();
  scanner.end_directory();
  scanner.begin_directory("nix-support");
  scanner.begin_file("hydra-metrics", false, 4);
  scanner.file_data(as_bytes("a 1\n"));
  scanner.end_file();
  scanner.end_directory();
  scanner.end_directory();
  const auto result = scanner.finish();
  EXPECT_FALSE(result.has_all_members);
  EXPECT_EQ(result.notes.metrics, "a 1\n");
  EXPECT_NE(result.find("2"), std::nullopt);
  EXPECT_EQ(result.find("a"), std::nullopt);
}

TEST(OutputsOnDisk, SayWhatIsMissing) {
  const testing::TempFolder folder;
  EXPECT_THROW(OutputsOnDisk(folder.path()).notes(kOutput), Error);
  EXPECT_THROW(OutputsOnDisk("/nonexistent").notes(kOutput), Error);
}

TEST(OutputsOnDisk, GiveProducts) {
  FileTree::Folder support;
  support.emplace("hydra-build-products", file(fmt::format("file x {}/f\n", kOutput.str())));
  FileTree::Folder root;
  root.emplace("f", file("hello"));
  root.emplace("nix-support", FileTree{std::move(support)});
  const OnDisk disk(FileTree{std::move(root)});
  const auto products = read_products({{.name = "out", .path = kOutput}}, disk.store());
  ASSERT_EQ(products.products.size(), 1U);
  EXPECT_EQ(products.products[0].size, 5U);
  EXPECT_EQ(products.products[0].sha256, hash_of(HashAlgorithm::sha256, "hello"));
}

}  // namespace
}  // namespace firn::farm
