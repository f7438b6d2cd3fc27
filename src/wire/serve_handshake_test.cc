// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_handshake.h"

#include "base/error.h"
#include "support/wire_checks.h"

#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view greeting) {
  try {
    read_server_hello(greeting);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    return error.message();
  }
  return "no error";
}

TEST(ServeHandshake, EachSideReadsTheOther) {
  EXPECT_EQ(client_hello().size(), kHelloSize);
  EXPECT_EQ(std::get<Decoded<ServeVersion>>(read_client_hello(client_hello())).value, kNewestServe);
  const auto server =
      std::get<Decoded<ServeVersion>>(read_server_hello(server_hello(ServeVersion(5)) + "more"));
  EXPECT_EQ(server.value, ServeVersion(5));
  EXPECT_EQ(server.consumed, kHelloSize);
}

TEST(ServeHandshake, CutGreetingsAskForMore) {
  testing::expect_asks_for_more(server_hello(), [](std::string_view bytes) -> std::uint64_t {
    const auto result = read_server_hello(bytes);
    const auto* missing = std::get_if<Short>(&result);
    return missing == nullptr ? 0 : missing->missing;
  });
}

TEST(ServeHandshake, ShowsWhatAShellSaidInstead) {
  const std::string text = "bash: nix-store: command not found\n";
  EXPECT_FALSE(may_be_server_hello(text));
  EXPECT_EQ(error_of(text),
            "expected the serve protocol's greeting, got: 'bash: nix-store: command not found'");
}

TEST(ServeHandshake, KnowsAWrongGreetingByItsFirstByte) {
  EXPECT_TRUE(may_be_server_hello(""));
  EXPECT_TRUE(may_be_server_hello(server_hello().substr(0, 5)));
  EXPECT_TRUE(may_be_server_hello(server_hello() + "more"));
  EXPECT_FALSE(may_be_server_hello("W"));
  EXPECT_FALSE(may_be_server_hello(client_hello()));
}

TEST(ServeHandshake, ServersTooOldAreRefused) {
  EXPECT_THAT(error_of(server_hello(ServeVersion(0))), HasSubstr("version 2.0"));
  EXPECT_EQ(error_of(server_hello(kOldestServe)), "no error");
}

TEST(ServeHandshake, ClientsDownTo20AreAnswered) {
  const auto client = read_client_hello(client_hello(ServeVersion(0)));
  EXPECT_EQ(std::get<Decoded<ServeVersion>>(client).value, ServeVersion(0));
  EXPECT_THROW(read_client_hello("GET / HTTP/1.1\r\n"), Error);
}

TEST(ServeHandshake, ClientsOfOtherMajorsAreAnswered) {
  const std::string hello = client_hello();
  const auto announced = [&](char minor, char major) {
    std::string bytes = hello;
    bytes[kMagicSize] = minor;
    bytes[kMagicSize + 1] = major;
    return std::get<Decoded<ServeVersion>>(read_client_hello(bytes)).value;
  };
  EXPECT_EQ(announced(5, 2), ServeVersion(5));
  EXPECT_EQ(announced(0, 3), kNewestServe);
  EXPECT_EQ(announced('\xff', 1), ServeVersion(0));
}

TEST(ServeHandshake, KnowsAClientByItsMagicNumber) {
  EXPECT_TRUE(may_be_client_hello(""));
  EXPECT_TRUE(may_be_client_hello(client_hello().substr(0, kMagicSize)));
  EXPECT_TRUE(may_be_client_hello(client_hello()));
  EXPECT_FALSE(may_be_client_hello("GET / HTTP/1.1\r\n"));
  EXPECT_FALSE(may_be_client_hello(server_hello()));
}

}  // namespace
}  // namespace firn::wire
