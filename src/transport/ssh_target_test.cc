// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_target.h"

#include "base/error.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kCipher = "-oCiphers=^aes128-gcm@openssh.com";

SshTarget plain() {
  return {.host = "b1"};
}

SshTarget full() {
  return {.user = "nix",
          .host = "b1.example.org",
          .port = 2222,
          .key_file = "/etc/nix/key",
          .host_key = "ssh-ed25519 AAAA",
          .compress = true,
          .extra_options = {"-oKexAlgorithms=curve25519-sha256", "-v"}};
}

/// Without the word that depends on the processor.
Words master(const SshTarget& target, std::string_view known_hosts) {
  Words words = master_words(target, {.socket = "/run/x/s-0", .number = 0}, known_hosts, "cat");
  std::erase(words, kCipher);
  return words;
}

TEST(SshWords, OfAPlainMaster) {
  EXPECT_EQ(master(plain(), ""),
            (Words{"ssh",
                   "-x",
                   "-a",
                   "-T",
                   "-oBatchMode=yes",
                   "-oRemoteCommand=none",
                   "-S/run/x/s-0",
                   "-E/run/x/s-0.0.words",
                   "-oControlMaster=yes",
                   "-oControlPersist=no",
                   "-oConnectTimeout=30",
                   "-oTCPKeepAlive=yes",
                   "-oServerAliveInterval=15",
                   "-oServerAliveCountMax=4",
                   "-oPermitLocalCommand=yes",
                   "-oLocalCommand=echo firn-connected",
                   "--",
                   "b1",
                   "cat"}));
}

TEST(SshWords, OfAMasterWithEverything) {
  EXPECT_EQ(master(full(), "/run/x/hosts"),
            (Words{"ssh",
                   "-x",
                   "-a",
                   "-T",
                   "-oBatchMode=yes",
                   "-oRemoteCommand=none",
                   "-S/run/x/s-0",
                   "-oKexAlgorithms=curve25519-sha256",
                   "-v",
                   "-p2222",
                   "-E/run/x/s-0.0.words",
                   "-oControlMaster=yes",
                   "-oControlPersist=no",
                   "-oConnectTimeout=30",
                   "-oTCPKeepAlive=yes",
                   "-oServerAliveInterval=15",
                   "-oServerAliveCountMax=4",
                   "-oPermitLocalCommand=yes",
                   "-oLocalCommand=echo firn-connected",
                   "-C",
                   "-i/etc/nix/key",
                   "-oUserKnownHostsFile=/run/x/hosts",
                   "-oStrictHostKeyChecking=yes",
                   "--",
                   "nix@b1.example.org",
                   "cat"}));
}

TEST(SshWords, OfASession) {
  EXPECT_EQ(
      session_words(full(), {.socket = "/run/x/s-0", .number = 3}, "nix-store --serve --write"),
      (Words{"ssh",
             "-x",
             "-a",
             "-T",
             "-oBatchMode=yes",
             "-oRemoteCommand=none",
             "-S/run/x/s-0",
             "-oKexAlgorithms=curve25519-sha256",
             "-v",
             "-p2222",
             "-E/run/x/s-0.3.words",
             "-oControlMaster=no",
             "-oProxyCommand=false",
             "-oPermitLocalCommand=no",
             "--",
             "nix@b1.example.org",
             "nix-store --serve --write"}));
}

#if defined(__x86_64__)
TEST(SshWords, PreferTheCipherThatTheProcessorKnows) {
  const bool has_aes = __builtin_cpu_supports("aes") != 0;
  EXPECT_EQ(
      std::ranges::count(master_words(plain(), {.socket = "s", .number = 0}, "", "cat"), kCipher),
      has_aes ? 1 : 0);
  EXPECT_EQ(
      std::ranges::count(session_words(plain(), {.socket = "s", .number = 1}, "cat"), kCipher), 0);
}
#endif

TEST(SshTarget, KnownHostsLine) {
  struct Case {
    std::optional<std::uint16_t> port;
    std::string key;
    std::string line;
  };

  for (const Case& c : {Case{std::nullopt, "ssh-ed25519 AAAA", "b1 ssh-ed25519 AAAA\n"},
                        Case{22, "ssh-ed25519 AAAA root@b1\n", "b1 ssh-ed25519 AAAA root@b1\n"},
                        Case{2222, "ssh-rsa BBBB\r\n", "[b1]:2222 ssh-rsa BBBB\n"}}) {
    SshTarget target = plain();
    target.port = c.port;
    target.host_key = c.key;
    EXPECT_EQ(known_hosts_line(target), c.line);
  }
}

TEST(SshTarget, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(plain().str(), "b1");
  EXPECT_EQ(full().str(), "nix@b1.example.org:2222");
}

TEST(SshTarget, RefusesNamesThatSshWouldMisread) {
  struct Case {
    std::string user;
    std::string host;
  };

  for (const Case& c : {Case{"", ""},
                        Case{"", "-oProxyCommand=touch /tmp/x"},
                        Case{"-lroot", "b1"},
                        Case{"", "b1 b2"},
                        Case{"", "b1\nb2"},
                        Case{"a\tb", "b1"}}) {
    SshTarget target = plain();
    target.user = c.user;
    target.host = c.host;
    try {
      check(target);
      ADD_FAILURE() << c.user << "@" << c.host;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), Kind::invalid);
    }
  }
  EXPECT_NO_THROW(check(full()));
}

TEST(SshOptions, SplitAsAShellDoes) {
  struct Case {
    std::string text;
    Words words;
  };

  for (const Case& c : {Case{"", {}},
                        Case{" \t\n ", {}},
                        Case{"-p 2222", {"-p", "2222"}},
                        Case{"  -4\t-v\n", {"-4", "-v"}},
                        Case{"-o 'ProxyCommand=nc %h 1'", {"-o", "ProxyCommand=nc %h 1"}},
                        Case{R"(-o"A=b c"d)", {"-oA=b cd"}},
                        Case{R"('' "")", {"", ""}},
                        Case{R"(a\ b)", {"a b"}},
                        Case{R"('a\b')", {R"(a\b)"}},
                        Case{R"("a\"b")", {R"(a"b)"}},
                        Case{R"("it's")", {"it's"}},
                        Case{R"(end\)", {R"(end\)"}},
                        Case{"'open end", {"open end"}}}) {
    EXPECT_EQ(split_options(c.text), c.words) << c.text;
  }
}

}  // namespace
}  // namespace firn::transport
