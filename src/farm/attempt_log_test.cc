// SPDX-License-Identifier: Apache-2.0
#include "farm/attempt_log.h"

#include "farm/hydra_files.h"
#include "support/run.h"
#include "support/store_samples.h"
#include "support/temp_folder.h"

#include <future>
#include <string>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::drv_path;
using testing::kind_of;
using testing::TempFolder;
using Lines = std::vector<std::string>;

class AttemptLogTest : public ::testing::Test {
 public:
  std::shared_ptr<AttemptLog> start() { return AttemptLog::start(logs, drv_path("hello")); }

  /// Ends the log, and the folder with it.
  void end(AttemptLog& log) { loop.run(end_all(log)); }

  std::string read(const AttemptLog& log) const {
    return folder.read(fs::path(log.file()).filename().string());
  }

  TempFolder folder;
  aio::Loop loop;
  LogFolder logs{
      loop,
      {.path = folder.path()},
      {.head = ByteCount(100), .tail = ByteCount(100), .ceiling = ByteCount(1'000'000'000)}};

 private:
  aio::Task<void> end_all(AttemptLog& log) {
    co_await log.settle();
    co_await logs.close(1s);
  }
};

TEST_F(AttemptLogTest, WhatIsPrintedIsWritten) {
  const auto log = start();
  log->append("one\n");
  log->append("two\n");
  EXPECT_EQ(log->size().value(), 8U);
  EXPECT_EQ(log->progress().moved, 8U);
  end(*log);
  EXPECT_EQ(log->file(),
            folder.path() / (drv_path("hello").path().base_name() + std::string(".1.log")));
  EXPECT_EQ(read(*log), "one\ntwo\n");
  EXPECT_EQ(log->failure(), "");
}

// QR-120.
TEST_F(AttemptLogTest, ItsFileIsTheRealOne) {
  LogFolder hydra(loop, {.path = folder.path(), .naming = LogNaming::hydra}, {});
  for (const char* text : {"one\n", "two\n"}) {
    const auto log = AttemptLog::start(hydra, drv_path("hello"));
    log->append(text);
    loop.run(log->settle());
    EXPECT_EQ(log->file(), log_path(folder.path().string(), drv_path("hello")));
    EXPECT_EQ(folder.read(log->file()), text);
  }
  loop.run(hydra.close(1s));
}

TEST_F(AttemptLogTest, ASilentAttemptIsNotGivenAnothersLog) {
  LogFolder hydra(loop, {.path = folder.path(), .naming = LogNaming::hydra}, {});
  const std::string newest = log_path(folder.path().string(), drv_path("hello"));
  folder.write(newest, "of an earlier one");
  folder.write(newest + ".bz2", "of it, too");
  const auto log = AttemptLog::start(hydra, drv_path("hello"));
  loop.run(log->settle());
  EXPECT_EQ(log->file(), "");
  EXPECT_FALSE(fs::exists(newest));
  EXPECT_FALSE(fs::exists(newest + ".bz2"));
  EXPECT_EQ(folder.read(newest + ".attempt-1"), "of an earlier one");
  log->append("last words");
  loop.run(hydra.close(1s));
  EXPECT_EQ(folder.read(newest), "last words");
}

TEST_F(AttemptLogTest, ASilentBuildLeavesNoFile) {
  const auto log = start();
  end(*log);
  EXPECT_EQ(log->file(), "");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST_F(AttemptLogTest, TheMiddleIsLeftOut) {
  const auto log = start();
  for (int i = 0; i < 1000; ++i)
    log->append("a line of it\n");
  end(*log);
  const std::string text = read(*log);
  EXPECT_NE(text.find("\n[firn: 12809 bytes left out here]\na line of it\n"), std::string::npos)
      << text;
  EXPECT_LT(text.size(), 300U);
}

TEST_F(AttemptLogTest, WhatComesAfterTheEndIsWrittenToo) {
  const auto log = start();
  log->append("built\n");
  loop.run(log->settle());
  log->append("and gone\n");
  end(*log);
  EXPECT_EQ(read(*log), "built\nand gone\n");
}

/// A disk that hangs.
aio::Task<void> hang(aio::Pool* writer, std::shared_future<void> until) {
  co_await writer->run([until = std::move(until)] { until.wait(); });
}

TEST_F(AttemptLogTest, ADiskThatHangsStopsNobody) {
  std::promise<void> comes_back;
  const auto log = start();
  logs.writing().spawn(hang, &logs.writer(), comes_back.get_future().share());
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 12; ++i)
    log->append(piece);
  EXPECT_EQ(kind_of(loop, aio::within(loop, "settling", 1ms, log->settle())), Kind::timeout);
  EXPECT_EQ(log->file(), "");
  EXPECT_EQ(log->progress().moved, 12'000'000U);
  comes_back.set_value();
  loop.run(log->settle());
  log->append("the end\n");
  end(*log);
  const std::string text = read(*log);
  EXPECT_NE(text.find("4000000 bytes left out here, for the disk did not take them]\nthe end\n"),
            std::string::npos)
      << text;
}

TEST_F(AttemptLogTest, CloseLeavesAHangingDiskBehind) {
  std::promise<void> comes_back;
  const auto log = start();
  logs.writing().spawn(hang, &logs.writer(), comes_back.get_future().share());
  log->append("never written");
  loop.run(logs.close(1ms));
  EXPECT_EQ(logs.writing().size(), 0U);
  comes_back.set_value();
}

TEST_F(AttemptLogTest, AMissingFolderCostsTheFileAndNotTheTail) {
  fs::remove_all(folder.path());
  const auto log = start();
  log->append("one\n");
  log->append("two\n");
  end(*log);
  EXPECT_EQ(log->file(), "");
  EXPECT_NE(log->failure().find("make the log file"), std::string::npos) << log->failure();
  EXPECT_EQ(log->tail(5), (Lines{"one", "two"}));
}

TEST_F(AttemptLogTest, TheCeilingIsVetoedOnce) {
  LogFolder small(loop,
                  {.path = folder.path()},
                  {.head = ByteCount(100), .tail = ByteCount(100), .ceiling = ByteCount(5)});
  const auto log = AttemptLog::start(small, drv_path("hello"));
  log->append("12345");
  EXPECT_FALSE(log->too_big().reason());
  log->append("6");
  log->append("7");
  ASSERT_TRUE(log->too_big().reason());
  EXPECT_EQ(log->too_big().reason()->message(), "the build printed more than 5 bytes");
  loop.run(small.close(1s));
}

TEST_F(AttemptLogTest, Tail) {
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
    const auto log = start();
    log->append(c.text);
    EXPECT_EQ(log->tail(c.most), c.lines) << c.text;
    end(*log);
  }
}

TEST_F(AttemptLogTest, TailOfALongLogLeavesTheTornLineOut) {
  const auto log = start();
  for (int i = 0; i < 20'000; ++i)
    log->append("line " + std::to_string(i) + "\n");
  end(*log);
  const Lines lines = log->tail(100'000);
  ASSERT_GT(lines.size(), 1000U);
  for (std::size_t i = 0; i < lines.size(); ++i)
    ASSERT_EQ(lines[i], "line " + std::to_string(20'000 - lines.size() + i));
}

TEST_F(AttemptLogTest, TailOfOneEndlessLineIsItsEnd) {
  const auto log = start();
  for (int i = 0; i < 100; ++i)
    log->append(std::string(1000, 'x'));
  end(*log);
  const Lines lines = log->tail(5);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0].size(), 40'000U);
}

}  // namespace
}  // namespace firn::farm
