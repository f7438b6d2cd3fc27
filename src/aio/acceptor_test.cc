// SPDX-License-Identifier: Apache-2.0
#include "aio/acceptor.h"

#include "aio/phase.h"
#include "aio/tcp_socket.h"
#include "aio/unix_socket.h"
#include "base/error.h"
#include "support/temp_folder.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace firn::aio {
namespace {

using namespace std::chrono_literals;

/// Says each line back, in capitals for those who shout.
class Echo final : public Host {
 public:
  Task<void> talk(PipeEnd& peer) override {
    ++talks;
    std::string buffer;
    while (const auto line = co_await read_until(peer, buffer, "\r\n", 16))
      co_await write_all(peer, *line + "!");
  }

  int talks = 0;
};

class AcceptorTest : public ::testing::Test {
 public:
  /// What is said back.
  static Task<std::string> say(Loop& loop, std::string path, std::string text) {
    PipeEnd end(loop, connect_unix(path));
    co_await write_all(end, text);
    end.close_write();
    std::string heard;
    std::array<std::byte, 64> block{};
    while (const auto got = co_await end.read_some(block))
      heard += as_text(Bytes(block).first(got));
    co_return heard;
  }

  template <class Test>
  void with_acceptor(Test test) {
    loop_.run(within(loop_, "a test", 5s, run(*this, test)));
  }

  testing::TempFolder folder_;
  std::string path_ = (folder_.path() / "socket").string();
  Loop loop_;
  Echo echo_;

 private:
  template <class Test>
  static Task<void> run(AcceptorTest& test, Test body) {
    Acceptor acceptor(test.loop_, listen_unix(test.path_, 0660), test.echo_, 2);
    Scope scope(test.loop_);
    scope.spawn(&Acceptor::run, acceptor);
    std::exception_ptr error;
    try {
      co_await body(test);
    } catch (...) {
      error = std::current_exception();
    }
    co_await scope.close();
    if (error) std::rethrow_exception(error);
  }
};

TEST_F(AcceptorTest, TalksToEveryOne) {
  with_acceptor([](AcceptorTest& t) -> Task<void> {
    EXPECT_EQ(co_await say(t.loop_, t.path_, "one\r\ntwo\r\nrest"), "one!two!");
    EXPECT_EQ(co_await say(t.loop_, t.path_, "three\r\n"), "three!");
    // Who says too much is not listened to.
    EXPECT_EQ(co_await say(t.loop_, t.path_, std::string(100, 'x')), "");
    EXPECT_EQ(co_await say(t.loop_, t.path_, "four\r\n"), "four!");
    EXPECT_EQ(t.echo_.talks, 4);
  });
}

TEST_F(AcceptorTest, WhoComesWhileManyTalkWaits) {
  with_acceptor([](AcceptorTest& t) -> Task<void> {
    std::optional<PipeEnd> silent(PipeEnd(t.loop_, connect_unix(t.path_)));
    const PipeEnd silent_too(t.loop_, connect_unix(t.path_));
    PipeEnd third(t.loop_, connect_unix(t.path_));
    co_await write_all(third, "hello\r\n");
    co_await sleep_for(t.loop_, 20ms);
    EXPECT_EQ(t.echo_.talks, 2);
    silent.reset();
    std::array<std::byte, 16> block{};
    EXPECT_EQ(co_await third.read_some(block), 6U);
  });
}

TEST(UnixSocket, ADeadOnesPlaceIsTakenAndALivingOnesIsNot) {
  const testing::TempFolder folder;
  // Longer than a socket address.
  const auto deep = folder.path() / std::string(90, 'd') / std::string(90, 'd');
  std::filesystem::create_directories(deep);
  const auto path = (deep / "socket").string();
  EXPECT_THROW(connect_unix(path), Error);
  {
    const Fd first = listen_unix(path, 0660);
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0660U);
    EXPECT_TRUE(connect_unix(path));
    EXPECT_THROW(listen_unix(path, 0660), Error);
  }
  EXPECT_THROW(connect_unix(path), Error);
  const Fd second = listen_unix(path, 0600);
  EXPECT_TRUE(connect_unix(path));
}

TEST(TcpSocket, ReadsAddresses) {
  EXPECT_EQ(parse_tcp_address("127.0.0.1:9198").host, "127.0.0.1");
  EXPECT_EQ(parse_tcp_address("[::1]:9198").host, "::1");
  EXPECT_EQ(parse_tcp_address(":80").host, "");
  EXPECT_EQ(parse_tcp_address("localhost:65535").port, 65535);
  for (const char* text : {"", "9198", "localhost", "localhost:", "a:65536", "a:1x"})
    EXPECT_THROW(parse_tcp_address(text), Error) << text;
}

TEST(TcpSocket, SaysWhenAPortIsTaken) {
  const Fd first = listen_tcp({.host = "127.0.0.1"});
  try {
    listen_tcp({.host = "127.0.0.1", .port = port_of(first)});
    ADD_FAILURE() << "two listen on one port";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::conflict);
  }
  EXPECT_THROW(listen_tcp({.host = "192.0.2.1"}), Error);
}

}  // namespace
}  // namespace firn::aio
