// SPDX-License-Identifier: Apache-2.0
#include "transport/unix_link.h"

#include "aio/phase.h"
#include "base/fd.h"
#include "support/listening_program.h"
#include "support/run.h"

#include <array>
#include <string>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

using namespace std::chrono_literals;
using testing::error_of;
using testing::ListeningProgram;

std::string read_some(const Fd& fd) {
  std::array<char, 64> buffer{};
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

aio::Task<void> converse(aio::Loop& loop, ListeningProgram& program) {
  const auto link = co_await connect(loop, {program.path()});
  const Fd peer = program.accept();
  co_await link->write(as_bytes("hello"));
  EXPECT_EQ(read_some(peer), "hello");
  EXPECT_EQ(::write(peer.get(), "hi", 2), 2);
  std::array<std::byte, 16> buffer{};
  EXPECT_EQ(co_await link->read_some(buffer), 2U);
  EXPECT_EQ(link->sent().value(), 5U);
  EXPECT_EQ(link->received().value(), 2U);
  EXPECT_EQ(link->progress().moved, 7U);
  link->close_write();
  EXPECT_EQ(read_some(peer), "") << "the end";
  EXPECT_EQ(::write(peer.get(), "bye", 3), 3) << "its own side stays open";
  EXPECT_EQ(co_await link->read_some(buffer), 3U);
}

TEST(UnixLink, MovesBytesBothWays) {
  aio::Loop loop;
  ListeningProgram program;
  loop.run(converse(loop, program));
}

aio::Task<void> lose(aio::Loop& loop, ListeningProgram& program) {
  const auto link = co_await connect(loop, {program.path()});
  program.accept();
  std::array<std::byte, 16> buffer{};
  EXPECT_EQ(co_await link->read_some(buffer), 0U);
  const auto error = co_await error_of(link->write(as_bytes("hello")));
  EXPECT_TRUE(error && error->kind() == Kind::unavailable);
  EXPECT_EQ(co_await link->last_words(), "");
}

TEST(UnixLink, AGoneProgramIsUnavailable) {
  aio::Loop loop;
  ListeningProgram program;
  loop.run(lose(loop, program));
}

aio::Task<void> stop(aio::Loop& loop, ListeningProgram& program) {
  const auto link = co_await connect(loop, {program.path()});
  const Fd peer = program.accept();
  co_await link->stop(50ms);
  EXPECT_EQ(read_some(peer), "") << "it was asked to end";
  EXPECT_LT(::send(peer.get(), "late", 4, MSG_NOSIGNAL), 0) << "and did not";
  std::array<std::byte, 16> buffer{};
  const auto error = co_await error_of(link->read_some(buffer));
  EXPECT_TRUE(error && error->kind() == Kind::unavailable);
  co_await link->stop(50ms);
}

TEST(UnixLink, StopDoesNotWaitForEver) {
  aio::Loop loop(aio::Loop::Time::manual);
  ListeningProgram program;
  loop.run(testing::while_time_passes(loop, 10ms, stop(loop, program)));
}

aio::Task<void> read_into_the_void(aio::Loop& loop, ListeningProgram& program) {
  const auto link = co_await connect(loop, {program.path()});
  const Fd peer = program.accept();
  std::array<std::byte, 16> buffer{};
  const auto error = co_await error_of(aio::within(loop, "an answer", 1s, link->read_some(buffer)));
  EXPECT_TRUE(error && error->kind() == Kind::timeout);
}

TEST(UnixLink, AReadCanBeCancelled) {
  aio::Loop loop(aio::Loop::Time::manual);
  ListeningProgram program;
  loop.run(testing::while_time_passes(loop, 100ms, read_into_the_void(loop, program)));
}

aio::Task<void> write_into_the_void(aio::Loop& loop, ListeningProgram& program) {
  const auto link = co_await connect(loop, {program.path()});
  const Fd peer = program.accept();
  const std::string much(std::size_t{8} << 20U, 'x');
  const auto error =
      co_await error_of(aio::within(loop, "sending", 1s, link->write(as_bytes(much))));
  EXPECT_TRUE(error && error->kind() == Kind::timeout);
}

TEST(UnixLink, AWriteCanBeCancelled) {
  aio::Loop loop(aio::Loop::Time::manual);
  ListeningProgram program;
  loop.run(testing::while_time_passes(loop, 100ms, write_into_the_void(loop, program)));
}

aio::Task<void> wait_for_a_place(aio::Loop& loop, ListeningProgram& program) {
  const auto first = co_await connect(loop, {program.path()});
  const auto error =
      co_await error_of(aio::within(loop, "connecting", 1s, connect(loop, {program.path()})));
  EXPECT_TRUE(error && error->kind() == Kind::timeout);
  program.accept();
  EXPECT_TRUE(co_await aio::within(loop, "connecting", 1s, connect(loop, {program.path()})));
}

TEST(UnixLink, AFullQueueIsWaitedFor) {
  aio::Loop loop(aio::Loop::Time::manual);
  ListeningProgram program(0);
  loop.run(testing::while_time_passes(loop, 10ms, wait_for_a_place(loop, program)));
}

TEST(UnixLink, NobodyListens) {
  aio::Loop loop;
  ListeningProgram program;
  const auto file = program.folder().write("file", "");
  for (const std::string& path : {file.string(), program.path() + "-not"}) {
    try {
      loop.run(testing::without_value(connect(loop, {path})));
      ADD_FAILURE() << path;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), Kind::unavailable);
      EXPECT_TRUE(e.message().starts_with("connect to " + path + ": ")) << e.message();
    }
  }
}

aio::Task<void> go_the_long_way(aio::Loop& loop, ListeningProgram& program) {
  const auto folder = program.folder().path() / std::string(200, 'x');
  std::filesystem::create_directories(folder);
  std::filesystem::rename(program.path(), folder / "socket");
  UnixConnector connector(loop, {folder / "socket"});
  const auto link = co_await connector.open();
  const Fd peer = program.accept();
  co_await link->write(as_bytes("hello"));
  EXPECT_EQ(read_some(peer), "hello");
  EXPECT_FALSE(connector.learn_refusal(*link, "Session open refused by peer"));
  co_await connector.close();
}

TEST(UnixConnector, APathMayBeLong) {
  aio::Loop loop;
  ListeningProgram program;
  loop.run(go_the_long_way(loop, program));
}

}  // namespace
}  // namespace firn::transport
