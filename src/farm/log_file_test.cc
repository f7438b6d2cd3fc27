// SPDX-License-Identifier: Apache-2.0
#include "farm/log_file.h"

#include "farm/hydra_files.h"
#include "support/store_samples.h"
#include "support/temp_folder.h"

#include <csignal>
#include <string>
#include <sys/resource.h>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

const nix::DrvPath kDrv = testing::drv_path("hello");

std::string name(int attempt) {
  return kDrv.path().base_name() + "." + std::to_string(attempt) + ".log";
}

LogLimits limits(std::uint64_t head, std::uint64_t tail) {
  return {.head = ByteCount(head), .tail = ByteCount(tail), .ceiling = ByteCount(1000)};
}

TEST(LogFile, NoFileBeforeTheFirstByte) {
  const TempFolder folder;
  LogFile log({.path = folder.path()}, kDrv, {});
  log.append("");
  log.finish();
  EXPECT_EQ(log.path(), "");
  EXPECT_TRUE(fs::is_empty(folder.path()));
  EXPECT_EQ(log.failure(), "");
  log.append("x");
  EXPECT_EQ(log.path(), folder.path() / name(1));
}

TEST(LogFile, HoldsEverythingInOrder) {
  const TempFolder folder;
  LogFile log({.path = folder.path()}, kDrv, {});
  log.append("one\n");
  log.append(std::string("t\0o\n", 4));
  log.finish();
  EXPECT_EQ(folder.read(name(1)), std::string("one\nt\0o\n", 8));
  EXPECT_EQ(log.failure(), "");
}

TEST(LogFile, NeverOverwrites) {
  const TempFolder folder;
  folder.write(name(1), "of yesterday");
  folder.write(name(3), "of yesterday, too");
  LogFile second({.path = folder.path()}, kDrv, {});
  LogFile fourth({.path = folder.path()}, kDrv, {});
  second.append("b");
  fourth.append("d");
  EXPECT_EQ(second.path(), folder.path() / name(2));
  EXPECT_EQ(fourth.path(), folder.path() / name(4));
  EXPECT_EQ(folder.read(name(1)), "of yesterday");
  EXPECT_EQ(folder.read(name(3)), "of yesterday, too");
}

TEST(LogFile, DoesNotFollowALinkThatLiesInWait) {
  const TempFolder folder;
  const auto victim = folder.write("victim", "mine");
  fs::create_symlink(victim, folder.path() / name(1));
  LogFile log({.path = folder.path()}, kDrv, {});
  log.append("theirs");
  EXPECT_EQ(folder.read("victim"), "mine");
  EXPECT_EQ(log.path(), folder.path() / name(2));
}

TEST(LogFile, LeavesOutTheMiddle) {
  struct Case {
    std::string text;
    std::string kept;
  };

  for (const Case& c : {
           Case{"", ""},
           Case{"0123456", "0123456"},
           Case{"01234567", "01234567"},
           Case{"0123456789ab", "0123456789ab"},
           Case{"0123456789abc", "01234567\n[firn: 1 bytes left out here]\n9abc"},
           Case{"0123456\nx9abc", "0123456\n[firn: 1 bytes left out here]\n9abc"},
           Case{"0123456\n89abcdef\nghi\n", "0123456\n[firn: 9 bytes left out here]\nghi\n"},
           Case{"0123456789abcdefghij", "01234567\n[firn: 8 bytes left out here]\nghij"},
           Case{"0123456\n89abcdef\nhij", "0123456\n[firn: 9 bytes left out here]\nhij"},
       }) {
    for (const std::size_t piece : {1U, 3U, 5U, 100U}) {
      const TempFolder folder;
      LogFile log({.path = folder.path()}, kDrv, limits(8, 4));
      for (std::size_t at = 0; at < c.text.size(); at += piece)
        log.append(std::string_view(c.text).substr(at, piece));
      log.finish();
      EXPECT_EQ(log.failure(), "");
      if (c.text.empty()) continue;
      EXPECT_EQ(folder.read(name(1)), c.kept) << piece;
      EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "no file but this";
    }
  }
}

TEST(LogFile, WithoutATailItSaysHowMuchItLacks) {
  const TempFolder folder;
  LogFile log({.path = folder.path()}, kDrv, limits(4, 0));
  log.append("0123456789");
  log.finish();
  EXPECT_EQ(folder.read(name(1)), "0123\n[firn: 6 bytes left out here]\n");
  EXPECT_EQ(log.failure(), "");
}

TEST(LogFile, ALastWordComesAfterTheTail) {
  const TempFolder folder;
  LogFile log({.path = folder.path()}, kDrv, limits(4, 4));
  log.append("0123456789");
  log.finish();
  log.append("\nlast");
  log.finish();
  EXPECT_EQ(folder.read(name(1)), "0123\n[firn: 2 bytes left out here]\n6789\nlast");
}

TEST(LogFile, AfterTheEndItDoesNotGrowForEver) {
  const TempFolder folder;
  LogFile log({.path = folder.path()}, kDrv, limits(4, 4));
  log.append("0");
  log.finish();
  for (int i = 0; i < 50; ++i)
    log.append(std::string(100'000, 'x'));
  EXPECT_EQ(fs::file_size(log.path()), 1U + (1U << 20U));
}

TEST(LogFile, AMissingFolderIsNamed) {
  const TempFolder folder;
  LogFile log({.path = folder.path() / "missing"}, kDrv, {});
  log.append("one\n");
  log.finish();
  EXPECT_EQ(log.path(), "");
  EXPECT_NE(log.failure().find("missing"), std::string::npos) << log.failure();
}

TEST(LogFile, OfOneNameEachHasItsOwnEnd) {
  const TempFolder folder;
  const LogPlace place{.path = folder.path(), .naming = LogNaming::hydra};
  const std::string newest = log_path(folder.path().string(), kDrv);
  folder.write(newest + ".tail", "of one that crashed");
  for (const char* text : {"0123456789", "abcdefghij"}) {
    LogFile log(place, kDrv, limits(4, 4));
    log.append(text);
    log.finish();
    EXPECT_EQ(log.path(), newest);
    EXPECT_EQ(log.failure(), "");
  }
  EXPECT_EQ(folder.read(newest), "abcd\n[firn: 2 bytes left out here]\nghij");
  EXPECT_EQ(folder.read(earlier_log_path(folder.path().string(), kDrv, 1)),
            "0123\n[firn: 2 bytes left out here]\n6789");
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

TEST(LogFile, AFullDiskCostsTheRestOfTheFileOnly) {
  const TempFolder folder;
  LogFile log({.path = folder.path()}, kDrv, {});
  {
    const SmallDisk disk(6);
    for (const char* text : {"one\n", "two\n", "three\n"})
      log.append(text);
    log.finish();
  }
  EXPECT_EQ(folder.read(name(1)), "one\ntw");
  EXPECT_NE(log.failure().find(name(1)), std::string::npos) << log.failure();
}

}  // namespace
}  // namespace firn::farm
