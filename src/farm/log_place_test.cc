// SPDX-License-Identifier: Apache-2.0
#include "farm/log_place.h"

#include "base/error.h"
#include "farm/hydra_files.h"
#include "support/store_samples.h"
#include "support/temp_folder.h"

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

namespace fs = std::filesystem;

const nix::DrvPath kDrv = testing::drv_path("hello");

class LogPlaceTest : public ::testing::Test {
 public:
  /// A log of one attempt; returns its path.
  std::string write(LogNaming naming, std::string_view text) const {
    const NewLog log = make_log({.path = data.path(), .naming = naming}, kDrv);
    EXPECT_EQ(::write(log.file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return log.path;
  }

  std::string write_hydra(std::string_view text) const { return write(LogNaming::hydra, text); }

  std::string numbered(std::uint32_t n) const {
    return data.path() / (kDrv.path().base_name() + "." + std::to_string(n) + ".log");
  }

  std::string newest(std::string_view ending = {}) const {
    return log_path(data.path().string(), kDrv) + std::string(ending);
  }

  std::string earlier(std::uint32_t n, std::string_view ending = {}) const {
    return earlier_log_path(data.path().string(), kDrv, n, ending);
  }

  /// How many files there are beside the newest log, and it.
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(fs::path(newest()).parent_path()), {});
  }

  testing::TempFolder data;
};

TEST_F(LogPlaceTest, NumbersGoUp) {
  for (std::uint32_t n = 1; n <= 10; ++n)
    EXPECT_EQ(write(LogNaming::numbered, "x"), numbered(n));
}

TEST_F(LogPlaceTest, AfterManyAttemptsTheNextNumberIsFound) {
  constexpr std::uint32_t kMany = 20;
  write(LogNaming::numbered, "the first");
  write_hydra("the first");
  for (std::uint32_t n = 1; n <= kMany; ++n) {
    if (n > 1) fs::create_symlink("nowhere", numbered(n));
    fs::create_symlink("nowhere", earlier(n, n % 2 == 0 ? ".bz2" : ""));
  }
  EXPECT_EQ(write(LogNaming::numbered, "x"), numbered(kMany + 1));
  EXPECT_EQ(write_hydra("x"), newest());
  EXPECT_EQ(data.read(earlier(kMany + 1)), "the first");
}

// QR-120, QR-122.
TEST_F(LogPlaceTest, TheNewestStandsWhereHydraLooks) {
  EXPECT_EQ(write_hydra("of the first try"), newest());
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(write_hydra("of the second"), newest());
  EXPECT_EQ(write_hydra("3"), newest());
  EXPECT_EQ(data.read(earlier(1)), "of the first try");
  EXPECT_EQ(data.read(earlier(2)), "of the second");
  EXPECT_EQ(data.read(newest()), "3");
  EXPECT_EQ(files(), 3);
}

// QR-120.
TEST_F(LogPlaceTest, ItsModeIsTheUmasks) {
  const mode_t before = ::umask(0007);
  const auto path = write_hydra("x");
  ::umask(before);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0660));
  EXPECT_EQ(fs::status(fs::path(path).parent_path()).permissions(), fs::perms(0770));
}

TEST_F(LogPlaceTest, NothingCompressedIsTakenForTheNewest) {
  data.write(newest(".bz2"), "bz2");
  data.write(newest(".zst"), "zst");
  write_hydra("new");
  EXPECT_EQ(data.read(earlier(1, ".bz2")), "bz2");
  EXPECT_EQ(data.read(earlier(1, ".zst")), "zst");
  EXPECT_EQ(files(), 3);
}

TEST_F(LogPlaceTest, WhatBelongsTogetherIsMovedTogether) {
  data.write(newest(), "plain");
  data.write(newest(".bz2"), "half of it");
  data.write(earlier(1, ".zst"), "of long ago");
  write_hydra("new");
  EXPECT_EQ(data.read(newest()), "new");
  EXPECT_EQ(data.read(earlier(2)), "plain");
  EXPECT_EQ(data.read(earlier(2, ".bz2")), "half of it");
  EXPECT_EQ(data.read(earlier(1, ".zst")), "of long ago");
  EXPECT_EQ(files(), 4);
}

TEST_F(LogPlaceTest, ACrashWhileItIsMovedLosesNothing) {
  data.write(earlier(1), "plain");
  data.write(newest(".bz2"), "not moved yet");
  write_hydra("new");
  EXPECT_EQ(data.read(newest()), "new");
  EXPECT_EQ(data.read(earlier(1)), "plain");
  EXPECT_EQ(data.read(earlier(2, ".bz2")), "not moved yet");
}

TEST_F(LogPlaceTest, ACrashBeforeItIsMadeLosesNothing) {
  data.write(earlier(1), "moved");
  write_hydra("new");
  EXPECT_EQ(data.read(newest()), "new");
  EXPECT_EQ(data.read(earlier(1)), "moved");
  EXPECT_EQ(files(), 2);
}

TEST_F(LogPlaceTest, DoesNotFollowALinkThatLiesInWait) {
  const auto victim = data.write("victim", "mine");
  fs::create_directories(fs::path(newest()).parent_path());
  fs::create_symlink(victim, newest());
  write_hydra("theirs");
  EXPECT_EQ(data.read("victim"), "mine");
  EXPECT_EQ(data.read(newest()), "theirs");
  EXPECT_TRUE(fs::is_symlink(earlier(1)));
}

TEST_F(LogPlaceTest, WhoeverStillWritesDoesSoInTheMovedFile) {
  const LogPlace place{.path = data.path(), .naming = LogNaming::hydra};
  const NewLog first = make_log(place, kDrv);
  const NewLog second = make_log(place, kDrv);
  ASSERT_EQ(::write(first.file.get(), "last words", 10), 10);
  EXPECT_EQ(data.read(earlier(1)), "last words");
  EXPECT_EQ(data.read(newest()), "");
}

TEST_F(LogPlaceTest, WhatIsInTheWayIsNamed) {
  const auto file = data.write("build-logs", "no folder");
  try {
    write_hydra("x");
    FAIL() << "a folder was made of a file";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(file.string()), std::string::npos) << e.what();
  }
  EXPECT_EQ(data.read("build-logs"), "no folder");
}

}  // namespace
}  // namespace firn::farm
