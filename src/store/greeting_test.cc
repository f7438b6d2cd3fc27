// SPDX-License-Identifier: Apache-2.0
#include "store/greeting.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

TEST(Greeting, ChatterIsToldByItsFirstLine) {
  const auto error =
      explain_chatter("ssh://b1", "\r\n\x1b[1mWelcome to b1\x1b[0m\r\nLast login: never\n");
  EXPECT_EQ(error.kind(), Kind::protocol);
  EXPECT_TRUE(error.message().starts_with("ssh://b1: 'Welcome to b1' came where"))
      << error.message();
  EXPECT_EQ(error.message().find("Last login"), std::string::npos);
  EXPECT_NE(explain_chatter("ssh://b1", "\n\n").message().find("an empty line"), std::string::npos);
  EXPECT_LT(explain_chatter("ssh://b1", std::string(4096, 'x')).message().size(), 500U);
}

TEST(Greeting, AMissingNixIsToldWithThePlacesThatWereTried) {
  const auto everywhere =
      explain_end("ssh://b1",
                  "nix-store",
                  Error(Kind::unavailable, "env: 'nix-store': No such file (exit status 127)"));
  EXPECT_EQ(everywhere.kind(), Kind::not_found);
  EXPECT_NE(everywhere.message().find("~/.nix-profile/bin"), std::string::npos);
  EXPECT_NE(everywhere.message().find("install it there"), std::string::npos);
  EXPECT_NE(everywhere.message().find("/path/to/nix-store in"), std::string::npos);
  const auto named =
      explain_end("ssh-ng://b1",
                  "nix-daemon",
                  Error(Kind::unavailable, "/opt/nix-daemon: not found (exit status 127)"));
  EXPECT_EQ(named.kind(), Kind::not_found);
  EXPECT_NE(named.message().find("where the machine's URI says"), std::string::npos);
  EXPECT_NE(named.message().find("/path/to/nix-daemon in"), std::string::npos);
}

TEST(Greeting, OtherEndsStayAsTheyAre) {
  const Error error(Kind::unavailable, "b1 ended the conversation: out of tea (exit status 1)");
  EXPECT_EQ(explain_end("ssh://b1", "nix-store", error).message(), error.message());
  EXPECT_EQ(explain_end("ssh://b1", "nix-store", error).kind(), Kind::unavailable);
}

}  // namespace
}  // namespace firn::store
