// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_complaint.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

SshTarget target() {
  return {.user = "nix", .host = "b1"};
}

constexpr std::string_view kChanged =
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
    "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\n"
    "The fingerprint for the ED25519 key sent by the remote host is\n"
    "SHA256:G9Hj0hNxNvHSAwuncihWIbpk3Ef0Hv7gqiJfroEAJ8A.\n"
    "Please contact your system administrator.\n"
    "Offending ED25519 key in /root/.ssh/known_hosts:1\r\n"
    "  remove with:\r\n"
    "  ssh-keygen -f \"/root/.ssh/known_hosts\" -R \"b1\"\n"
    "Host key for b1 has changed and you have requested strict checking.\n"
    "Host key verification failed.";

constexpr std::string_view kOpenKey =
    "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
    "Permissions 0644 for '/k' are too open.\n"
    "Load key \"/k\": bad permissions\n"
    "nix@b1: Permission denied (publickey).";

void expect_words(const Error& error, Kind kind, const std::vector<std::string>& pieces) {
  EXPECT_EQ(error.kind(), kind) << error.message();
  EXPECT_EQ(error.message().find('\n'), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("b1"), std::string::npos) << error.message();
  for (const auto& piece : pieces)
    EXPECT_NE(error.message().find(piece), std::string::npos) << error.message();
}

TEST(SshComplaint, NamesTheReasonAndWhatToDo) {
  struct Case {
    std::string words;
    std::vector<std::string> pieces;
  };

  for (const auto& c : std::vector<Case>{
           {"ssh: Could not resolve hostname b1: Name or service not known",
            {"Could not resolve", "machines file"}},
           {"ssh: connect to host b1 port 22: Connection refused", {"start its sshd"}},
           {"ssh: connect to host b1 port 22: No route to host", {"see that it is up"}},
           {"ssh: connect to host b1 port 22: Connection timed out", {"firewall"}},
           {"Connection timed out during banner exchange\nConnection to b1 port 22 timed out",
            {"does not greet"}},
           {"kex_exchange_identification: banner line contains invalid characters",
            {"correct the port"}},
           {"kex_exchange_identification: read: Connection reset by peer\nConnection reset by b1",
            {"MaxStartups"}},
           {"something new", {"cannot connect to nix@b1: something new"}},
           {"", {"without a word"}}}) {
    expect_words(explain_ssh(target(), c.words), Kind::unavailable, c.pieces);
  }
}

TEST(SshComplaint, AChangedHostKeyIsNoUnknownOne) {
  expect_words(explain_ssh(target(), "Host key verification failed."),
               Kind::permission,
               {"is not known", "eighth column"});
  expect_words(explain_ssh(target(), kChanged),
               Kind::permission,
               {"known_hosts",
                "SHA256:G9Hj0hNxNvHSAwuncihWIbpk3Ef0Hv7gqiJfroEAJ8A",
                "`ssh-keygen -f \"/root/.ssh/known_hosts\" -R \"b1\"`"});
  auto with_key = target();
  with_key.host_key = "ssh-ed25519 AAAA";
  expect_words(explain_ssh(with_key, kChanged), Kind::permission, {"eighth column", "SHA256:G9"});
}

TEST(SshComplaint, ARefusedKeyIsNamed) {
  const std::string denied = "nix@b1: Permission denied (publickey).";
  expect_words(explain_ssh(target(), denied), Kind::permission, {denied, "third column"});
  auto with_key = target();
  with_key.key_file = "/k";
  expect_words(
      explain_ssh(with_key, denied), Kind::permission, {"the key /k", "authorized_keys there"});
  expect_words(
      explain_ssh(
          with_key,
          "Warning: Identity file /k not accessible: No such file or directory.\n" + denied),
      Kind::permission,
      {"the key file /k cannot be read"});
  EXPECT_EQ(explain_ssh(with_key, kOpenKey).message(),
            "nix@b1: ssh does not use the key file /k, which others may read; chmod 600 /k");
}

TEST(SshComplaint, OnlyAHangUpBeforeTheGreetingIsWorthAnotherTry) {
  EXPECT_TRUE(is_turned_away("kex_exchange_identification: read: Connection reset by peer"));
  EXPECT_TRUE(
      is_turned_away("kex_exchange_identification: Connection closed by remote host\r\n"
                     "Connection closed by 127.0.0.1 port 22"));
  EXPECT_FALSE(
      is_turned_away("kex_exchange_identification: banner line contains invalid "
                     "characters"));
  EXPECT_FALSE(is_turned_away("ssh: connect to host b1 port 22: Connection refused"));
}

}  // namespace
}  // namespace firn::transport
