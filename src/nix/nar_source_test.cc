// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_source.h"

#include "base/error.h"
#include "support/nar_trace.h"
#include "support/temp_folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Le;

class NarSourceTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& contents) const {
    folder_.write(name, contents);
  }

  testing::TempFolder folder_;
  fs::path root_ = folder_.path();
};

std::string read_all(const fs::path& path, std::size_t block = 4096) {
  NarSource source(path.string());
  std::string nar;
  std::vector<std::byte> buffer(block);
  while (const std::size_t size = source.read(buffer)) {
    nar += as_text(Bytes(buffer).first(size));
    if (size < block) break;
  }
  EXPECT_EQ(source.read(buffer), 0U);
  return nar;
}

std::string trace_of(const std::string& nar) {
  testing::NarTrace trace;
  EXPECT_EQ(testing::parse_nar(nar, trace), nar.size());
  EXPECT_EQ(trace.rewritten(), nar);
  return trace.text();
}

std::string refusal_of(const fs::path& path) {
  try {
    read_all(path);
  } catch (const Error& error) {
    return error.message();
  }
  return "nothing was thrown";
}

std::size_t open_descriptors() {
  const fs::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_F(NarSourceTest, WritesATreeInOrder) {
  fs::create_directories(root_ / "a/empty");
  write("a0", "1");
  write("a-b", "12345678");
  write("Z", "");
  write("a/run", "#!");
  fs::permissions(root_ / "a/run", fs::perms::owner_all);
  fs::create_symlink("/nowhere", root_ / "a/link");
  for (const std::size_t block : {1U, 7U, 96U, 4096U}) {
    EXPECT_EQ(trace_of(read_all(root_, block)),
              "d \nf Z 0 \nd a\nd a/empty\nl a/link -> /nowhere\nx a/run 2 #!\n"
              "f a-b 8 12345678\nf a0 1 1\n");
  }
}

TEST_F(NarSourceTest, WritesEverySizeInEveryBlock) {
  for (std::size_t size = 0; size < 24; ++size) {
    write("file", std::string(size, 'x'));
    for (const std::size_t block : {1U, 8U, 96U, 100U, 104U}) {
      const std::string nar = read_all(root_ / "file", block);
      EXPECT_EQ(nar.size(), 112 + (size + 7) / 8 * 8);
      EXPECT_EQ(trace_of(nar), "f  " + std::to_string(size) + " " + std::string(size, 'x') + "\n");
    }
  }
}

TEST_F(NarSourceTest, FollowsNoLinkEvenAsTheWhole) {
  fs::create_directory(root_ / "folder");
  fs::create_symlink("folder", root_ / "link");
  EXPECT_EQ(trace_of(read_all(root_ / "link")), "l  -> folder\n");
  EXPECT_EQ(trace_of(read_all((root_ / "link").string() + "/")), "l  -> folder\n");
}

TEST_F(NarSourceTest, KeepsFewDescriptorsInDeepTrees) {
  std::string deep;
  for (int i = 0; i < 63; ++i) {
    deep += "d/";
    fs::create_directory(root_ / deep);
    if (i % 9 == 0) write(deep + "z", "after");
  }
  const std::size_t before = open_descriptors();
  NarSource source(root_.string());
  std::string nar;
  std::byte block[512];
  while (const std::size_t size = source.read(block)) {
    nar += as_text(Bytes(block).first(size));
    ASSERT_THAT(open_descriptors() - before, Le(10U));
  }
  EXPECT_EQ(open_descriptors(), before);
  const std::string trace = trace_of(nar);
  EXPECT_EQ(std::count(trace.begin(), trace.end(), '\n'), 64 + 7);
}

TEST_F(NarSourceTest, SortsManyFiles) {
  for (int i = 0; i < 400; ++i)
    write("file-with-a-rather-long-name-" + std::to_string(i), "x");
  const std::string trace = trace_of(read_all(root_, 1U << 16U));
  EXPECT_EQ(std::count(trace.begin(), trace.end(), '\n'), 401);
}

TEST_F(NarSourceTest, NamesWhatANarCannotHold) {
  fs::create_directory(root_ / "a");
  ASSERT_EQ(::mkfifo((root_ / "a/pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal_of(root_),
            (root_ / "a/pipe").string() + " is a named pipe, which a NAR cannot hold");
  EXPECT_THAT(refusal_of("/dev/null"), HasSubstr("a device"));
}

TEST_F(NarSourceTest, SaysWhatIsAbsent) {
  EXPECT_EQ(refusal_of(root_ / "no"),
            "stat " + (root_ / "no").string() + ": No such file or directory");
}

TEST_F(NarSourceTest, NoticesAFileThatChangesWhileItIsRead) {
  for (const std::size_t size : {50U, 500U}) {
    write("file", std::string(200, 'x'));
    NarSource source((root_ / "file").string());
    std::byte block[128];
    source.read(block);
    write("file", std::string(size, 'x'));
    const auto read_on = [&] {
      while (source.read(block) > 0) {
      }
    };
    EXPECT_THROW(read_on(), Error);
  }
}

TEST_F(NarSourceTest, NoticesAFolderThatMovesAway) {
  std::string deep;
  for (int i = 0; i < 12; ++i) {
    deep += "d/";
    fs::create_directory(root_ / deep);
  }
  write(deep + "file", std::string(1000, 'x'));
  NarSource source(root_.string());
  std::vector<std::byte> block(2000);
  source.read(block);
  fs::rename(root_ / "d/d/d/d", root_ / "elsewhere");
  EXPECT_THROW(while (source.read(block) > 0), Error);
}

}  // namespace
}  // namespace firn::nix
