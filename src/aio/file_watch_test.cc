// SPDX-License-Identifier: Apache-2.0
#include "aio/file_watch.h"

#include "aio/phase.h"
#include "support/temp_folder.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace firn::aio {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Real time: what the kernel tells comes at once, and what it does not tell never.
class FileWatchTest : public ::testing::Test {
 public:
  bool sees(const std::string& file, const std::function<void()>& change, Duration limit = 10s) {
    FileWatch watch(loop, {file});
    change();
    try {
      loop.run(within(loop, "a change", limit, watch.changed()));
      return true;
    } catch (const Error& e) {
      if (e.kind() != Kind::timeout) throw;
      return false;
    }
  }

  testing::TempFolder folder;
  Loop loop;
};

TEST_F(FileWatchTest, SeesAFileThatIsWritten) {
  const auto file = folder.write("machines", "old").string();
  EXPECT_TRUE(sees(file, [&] { folder.write("machines", "new"); }));
}

TEST_F(FileWatchTest, SeesAFileThatIsReplaced) {
  const auto file = folder.write("machines", "old").string();
  const auto fresh = folder.write("fresh", "new");
  EXPECT_TRUE(sees(file, [&] { fs::rename(fresh, file); }));
}

TEST_F(FileWatchTest, SeesAFileThatIsRemovedOrNew) {
  const auto file = (folder.path() / "machines").string();
  EXPECT_TRUE(sees(file, [&] { folder.write("machines", "new"); }));
  EXPECT_TRUE(sees(file, [&] { fs::remove(file); }));
}

TEST_F(FileWatchTest, SeesWhatASymlinkLeadsTo) {
  folder.write("there/machines", "old");
  const auto link = folder.path() / "machines";
  fs::create_symlink(folder.path() / "there/machines", link);
  EXPECT_TRUE(sees(link.string(), [&] { folder.write("there/machines", "new"); }));
}

TEST_F(FileWatchTest, DoesNotSeeItsNeighbours) {
  const auto file = folder.write("machines", "old").string();
  EXPECT_FALSE(sees(file, [&] { folder.write("other", "new"); }, 20ms));
}

TEST_F(FileWatchTest, AFolderThatIsNotThereIsNoError) {
  EXPECT_FALSE(sees((folder.path() / "none/machines").string(), [] {}, 20ms));
}

}  // namespace
}  // namespace firn::aio
