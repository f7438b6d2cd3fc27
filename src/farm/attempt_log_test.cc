// SPDX-License-Identifier: Apache-2.0
#include "farm/attempt_log.h"

#include "support/store_samples.h"
#include "support/temp_folder.h"

#include <csignal>
#include <string>
#include <sys/resource.h>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

namespace fs = std::filesystem;
using testing::drv_path;
using testing::TempFolder;
using Lines = std::vector<std::string>;

std::string file_name(int number) {
  return drv_path("hello").path().base_name() + "." + std::to_string(number) + ".log";
}

TEST(AttemptLog, NoFileBeforeTheFirstByte) {
  const TempFolder folder;
  AttemptLog log(folder.path(), drv_path("hello"));
  log.append("");
  EXPECT_EQ(log.file(), "");
  EXPECT_TRUE(fs::is_empty(folder.path()));
  log.append("x");
  EXPECT_EQ(log.file(), folder.path() / file_name(1));
}

TEST(AttemptLog, HoldsEverythingInOrder) {
  const TempFolder folder;
  AttemptLog log(folder.path(), drv_path("hello"));
  log.append("one\n");
  log.append(std::string("t\0o\n", 4));
  EXPECT_EQ(folder.read(file_name(1)), std::string("one\nt\0o\n", 8));
  EXPECT_EQ(log.size().value(), 8U);
  EXPECT_EQ(log.progress().moved, 8U);
  EXPECT_EQ(log.failure(), "");
}

TEST(AttemptLog, NeverOverwrites) {
  const TempFolder folder;
  folder.write(file_name(1), "of yesterday");
  folder.write(file_name(3), "of yesterday, too");
  AttemptLog second(folder.path(), drv_path("hello"));
  AttemptLog fourth(folder.path(), drv_path("hello"));
  second.append("b");
  fourth.append("d");
  EXPECT_EQ(second.file(), folder.path() / file_name(2));
  EXPECT_EQ(fourth.file(), folder.path() / file_name(4));
  EXPECT_EQ(folder.read(file_name(1)), "of yesterday");
  EXPECT_EQ(folder.read(file_name(3)), "of yesterday, too");
}

TEST(AttemptLog, DoesNotFollowALinkThatLiesInWait) {
  const TempFolder folder;
  const auto victim = folder.write("victim", "mine");
  fs::create_symlink(victim, folder.path() / file_name(1));
  AttemptLog log(folder.path(), drv_path("hello"));
  log.append("theirs");
  EXPECT_EQ(folder.read("victim"), "mine");
  EXPECT_EQ(log.file(), folder.path() / file_name(2));
}

TEST(AttemptLog, Tail) {
  struct Case {
    std::string text;
    std::size_t most;
    Lines lines;
  };

  for (const Case& c : {Case{"", 3, {}},
                        Case{"a\nb\nc\n", 2, {"b", "c"}},
                        Case{"a\nb\nc", 2, {"b", "c"}},
                        Case{"a\n", 5, {"a"}},
                        Case{"a\n\nb\n", 5, {"a", "", "b"}},
                        Case{"a", 0, {}},
                        Case{"\x1b[31mred\x1b[0m\n", 1, {"red"}}}) {
    const TempFolder folder;
    AttemptLog log(folder.path(), drv_path("hello"));
    log.append(c.text);
    EXPECT_EQ(log.tail(c.most), c.lines) << c.text;
  }
}

TEST(AttemptLog, TailOfALongLogLeavesTheTornLineOut) {
  const TempFolder folder;
  AttemptLog log(folder.path(), drv_path("hello"));
  for (int i = 0; i < 20'000; ++i)
    log.append("line " + std::to_string(i) + "\n");
  const Lines lines = log.tail(100'000);
  ASSERT_GT(lines.size(), 1000U);
  for (std::size_t i = 0; i < lines.size(); ++i)
    ASSERT_EQ(lines[i], "line " + std::to_string(20'000 - lines.size() + i));
}

TEST(AttemptLog, TailOfOneEndlessLineIsItsEnd) {
  const TempFolder folder;
  AttemptLog log(folder.path(), drv_path("hello"));
  for (int i = 0; i < 100; ++i)
    log.append(std::string(1000, 'x'));
  const Lines lines = log.tail(5);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0].size(), 40'000U);
}

TEST(AttemptLog, AMissingFolderCostsTheFileAndNotTheTail) {
  const TempFolder folder;
  AttemptLog log(folder.path() / "missing", drv_path("hello"));
  log.append("one\n");
  log.append("two\n");
  EXPECT_EQ(log.file(), "");
  EXPECT_NE(log.failure().find("missing"), std::string::npos) << log.failure();
  EXPECT_EQ(log.tail(5), (Lines{"one", "two"}));
  EXPECT_EQ(log.size().value(), 8U);
}

/// A disk with room for so many bytes a file, as far as this process goes.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    old_ = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_);
  }

 private:
  rlimit before_{};
  void (*old_)(int) = nullptr;
};

TEST(AttemptLog, AFullDiskCostsTheRestOfTheFileOnly) {
  const TempFolder folder;
  AttemptLog log(folder.path(), drv_path("hello"));
  {
    const SmallDisk disk(6);
    log.append("one\n");
    log.append("two\n");
    log.append("three\n");
  }
  EXPECT_EQ(folder.read(file_name(1)), "one\ntw");
  EXPECT_NE(log.failure().find(file_name(1)), std::string::npos) << log.failure();
  EXPECT_EQ(log.tail(5), (Lines{"one", "two", "three"}));
}

}  // namespace
}  // namespace firn::farm
