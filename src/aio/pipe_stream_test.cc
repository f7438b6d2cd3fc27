// SPDX-License-Identifier: Apache-2.0
#include "aio/pipe_stream.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace firn::aio {
namespace {

Task<void> echo(PipeStream* stream) {
  std::array<std::byte, 64> buffer{};
  while (const std::size_t got = co_await stream->read_some(buffer))
    co_await stream->write(Bytes(buffer).first(got));
}

std::string read_all(int fd) {
  std::array<char, 256> buffer{};
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

TEST(PipeStream, CarriesBothWays) {
  Loop loop;
  auto there = make_pipe(4096);
  auto back = make_pipe(4096);
  PipeStream stream(loop, std::move(there.read), std::move(back.write));
  ASSERT_EQ(::write(there.write.get(), "hello", 5), 5);
  there.write.reset();
  loop.run(echo(&stream));
  EXPECT_EQ(read_all(back.read.get()), "hello");
  EXPECT_EQ(stream.sent(), ByteCount(5));
  EXPECT_EQ(stream.received(), ByteCount(5));
  stream.close_write();
  EXPECT_EQ(read_all(back.read.get()), "");
}

TEST(PipeStream, TakesFilesToo) {
  Loop loop;
  auto back = make_pipe(4096);
  PipeStream stream(loop, Fd(::open("/dev/null", O_RDONLY)), std::move(back.write));
  loop.run(echo(&stream));
  EXPECT_EQ(stream.received(), ByteCount(0));
}

TEST(PipeStream, APeerThatHasGoneIsAnError) {
  Loop loop;
  auto there = make_pipe(4096);
  auto back = make_pipe(4096);
  PipeStream stream(loop, std::move(there.read), std::move(back.write));
  ASSERT_EQ(::write(there.write.get(), "hello", 5), 5);
  back.read.reset();
  EXPECT_THROW(loop.run(echo(&stream)), Error);
}

}  // namespace
}  // namespace firn::aio
