// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include "base/fd.h"
#include "support/run.h"

#include <array>
#include <fcntl.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using namespace std::chrono_literals;

/// Bigger than every pipe of these tests.
const std::string kMuch(1'000'000, 'x');

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reading = Fd(ends[0]);
    writing = Fd(ends[1]);
  }

  Fd reading;
  Fd writing;
};

class OutputTest : public ::testing::Test {
 protected:
  std::string read_all() const {
    std::string text;
    std::array<char, 65536> buffer;
    while (text.empty() || text.back() != '\n') {
      const auto got = ::read(pipe.reading.get(), buffer.data(), buffer.size());
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

  Pipe pipe;
  std::vector<std::string> failures;
  aio::Loop loop;
  Output output{loop, pipe.writing.get(), [this](const auto& why) { failures.push_back(why); }};
};

TEST_F(OutputTest, WritesInOrder) {
  output.write("one ");
  output.write("two\n");
  EXPECT_EQ(output.waiting(), 8U);
  loop.run(output.flush(10s));
  EXPECT_EQ(output.waiting(), 0U);
  output.write("three\n");
  loop.run(output.flush(10s));
  EXPECT_EQ(read_all(), "one two\nthree\n");
  EXPECT_FALSE(output.has_failed());
}

TEST_F(OutputTest, WaitsForAReaderThatReads) {
  output.write(kMuch);
  output.write("\n");
  std::string text;
  std::thread reader([&] { text = read_all(); });
  loop.run(output.flush(10s));
  reader.join();
  EXPECT_EQ(text, kMuch + "\n");
}

TEST_F(OutputTest, WaitsWhereTheDescriptorDoesNot) {
  ASSERT_EQ(::fcntl(pipe.writing.get(), F_SETFL, O_NONBLOCK), 0);
  output.write(kMuch);
  output.write("\n");
  std::string text;
  std::thread reader([&] { text = read_all(); });
  loop.run(output.flush(10s));
  reader.join();
  EXPECT_EQ(text, kMuch + "\n");
}

TEST_F(OutputTest, LeavesAReaderThatDoesNotReadBehind) {
  output.write(kMuch);
  loop.run(output.flush(5ms));
  EXPECT_TRUE(output.has_failed());
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures.front().find("nobody reads the last "), 0U) << failures.front();
  EXPECT_EQ(output.waiting(), 0U);
  output.write("more");
  EXPECT_EQ(output.waiting(), 0U);
}

TEST_F(OutputTest, SaysOnceThatItsReaderHasGone) {
  pipe.reading.reset();
  output.write("hello\n");
  loop.run(output.flush(10s));
  output.write("hello\n");
  loop.run(output.flush(10s));
  EXPECT_EQ(failures, (std::vector<std::string>{"its reader has gone"}));
}

TEST_F(OutputTest, SaysWhatIsWrongWithTheDescriptor) {
  std::string failure;
  const Fd device(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output no_room(loop, device.get(), [&](const auto& why) { failure = why; });
  no_room.write("hello\n");
  loop.run(no_room.flush(10s));
  EXPECT_EQ(failure, "write: No space left on device");
}

}  // namespace
}  // namespace firn::cli
