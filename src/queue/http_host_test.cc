// SPDX-License-Identifier: Apache-2.0
#include "queue/http_host.h"

#include "aio/phase.h"
#include "aio/tcp_socket.h"
#include "aio/unix_socket.h"
#include "support/temp_folder.h"

#include <array>
#include <chrono>
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

HttpStatus refusal_of(std::string_view head) {
  return std::get<HttpRefusal>(parse_http_request(head)).status;
}

TEST(HttpRequest, NamesAPath) {
  const auto request = std::get<HttpRequest>(
      parse_http_request("GET /metrics?x=%20 HTTP/1.1\r\nHost: a\r\nAccept: */*"));
  EXPECT_EQ(request.path, "/metrics");
  EXPECT_TRUE(request.wants_body);
  EXPECT_FALSE(std::get<HttpRequest>(parse_http_request("HEAD / HTTP/1.0")).wants_body);
}

TEST(HttpRequest, WhatIsNoneIsRefused) {
  for (const std::string_view head : {"",
                                      "GET",
                                      "GET /",
                                      "GET / HTTP/2",
                                      "GET  / HTTP/1.1",
                                      "GET x HTTP/1.1",
                                      "GET / HTTP/1.1 x",
                                      "GET /\x01 HTTP/1.1",
                                      "\r\nGET / HTTP/1.1"})
    EXPECT_EQ(refusal_of(head), HttpStatus::bad_request) << head;
  EXPECT_EQ(refusal_of("POST / HTTP/1.1"), HttpStatus::method_not_allowed);
}

struct Served {
  /// All that comes back to this text.
  static aio::Task<std::string> ask(aio::Loop& loop, std::string path, std::string text) {
    aio::PipeEnd end(loop, aio::connect_unix(path));
    co_await aio::write_all(end, text);
    std::string heard;
    std::array<std::byte, 4096> block{};
    while (const auto got = co_await end.read_some(block))
      heard += as_text(Bytes(block).first(got));
    co_return heard;
  }

  static aio::Task<void> run(Served& served, std::string text) {
    aio::Acceptor acceptor(served.loop, aio::listen_unix(served.path, 0600), served.host, 4);
    aio::Scope scope(served.loop);
    scope.spawn(&aio::Acceptor::run, acceptor);
    served.answer = co_await ask(served.loop, served.path, std::move(text));
    co_await scope.close();
  }

  std::string to(std::string text) {
    loop.run(aio::within(loop, "a test", 5s, run(*this, std::move(text))));
    return answer;
  }

  testing::TempFolder folder;
  std::string path = (folder.path() / "http").string();
  aio::Loop loop;
  HttpHost host{loop, [](std::string_view page) -> std::optional<HttpPage> {
                  if (page == "/bad") throw Error(Kind::internal, "no");
                  if (page != "/page") return std::nullopt;
                  return HttpPage{.body = std::string(100'000, 'x')};
                }};
  std::string answer;
};

TEST(HttpHost, AnswersOneRequestAndParts) {
  const auto answer = Served().to("GET /page HTTP/1.1\r\nHost: x\r\n\r\nand more");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 100000\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + std::string(100'000, 'x')));
  EXPECT_THAT(Served().to("HEAD /page HTTP/1.1\r\n\r\n"), EndsWith("close\r\n\r\n"));
}

TEST(HttpHost, BadRequestsAreAnsweredToo) {
  EXPECT_THAT(Served().to("GET /other HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Served().to("GET /bad HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(Served().to("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Served().to("PUT /page HTTP/1.1\r\n\r\n"), HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(Served().to(std::string(kLongestHead + 1, 'x')), StartsWith("HTTP/1.1 431 "));
}

}  // namespace
}  // namespace firn::queue
