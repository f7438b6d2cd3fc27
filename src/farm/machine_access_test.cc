// SPDX-License-Identifier: Apache-2.0
#include "farm/machine_access.h"

#include "base/error.h"
#include "support/fake_ssh.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

nix::Machine machine(std::string_view line) {
  auto parsed = nix::parse_machines(
      line, "--builders", [](const std::string&) { return std::optional<std::string>(); });
  if (parsed.machines.size() != 1) throw Error(Kind::invalid, std::string(line));
  return parsed.machines.front();
}

TEST(MachineAccess, KnowsThisMachine) {
  for (const char* line : {"ssh://localhost", "localhost", "local", "auto", "daemon"}) {
    EXPECT_TRUE(is_local(machine(line))) << line;
    EXPECT_EQ(name_of(machine(line)), "localhost") << line;
  }
  for (const char* line :
       {"ssh://b1", "ssh://nix@localhost", "ssh://localhost:2222", "ssh://localhost.example.org"})
    EXPECT_FALSE(is_local(machine(line))) << line;
}

TEST(MachineAccess, NamesAreUrisWithoutParameters) {
  EXPECT_EQ(name_of(machine("ssh://nix@b1:2222?ssh-key=/k&compress=true")), "ssh://nix@b1:2222");
}

TEST(MachineAccess, SpecSaysWhatTheLineSays) {
  const auto spec = spec_for(
      machine("ssh://b1 x86_64-linux,i686-linux - 4 2 kvm,big-parallel benchmark"), "own-system");
  EXPECT_EQ(spec.name, "ssh://b1");
  EXPECT_EQ(spec.systems, (std::vector<std::string>{"i686-linux", "x86_64-linux"}));
  EXPECT_EQ(spec.max_jobs, 4U);
  EXPECT_EQ(spec.speed_factor, 2.0);
  EXPECT_EQ(spec.supported_features, (std::vector<std::string>{"big-parallel", "kvm"}));
  EXPECT_EQ(spec.mandatory_features, std::vector<std::string>{"benchmark"});
  EXPECT_FALSE(spec.is_local);
  EXPECT_EQ(spec_for(machine("ssh://b1"), "own-system").systems,
            std::vector<std::string>{"own-system"});
}

TEST(MachineAccess, RefusesWhatNoTransportServes) {
  for (const char* line : {"https://cache.example.org", "s3://bucket"}) {
    try {
      check_reachable(machine(line));
      ADD_FAILURE() << line;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), Kind::invalid);
      EXPECT_TRUE(e.message().starts_with(name_of(machine(line)))) << e.message();
    }
  }
  EXPECT_NO_THROW(check_reachable(machine("ssh://b1")));
  EXPECT_NO_THROW(check_reachable(machine("ssh-ng://b1")));
  EXPECT_NO_THROW(check_reachable(machine("local")));
}

/// The words of the two calls of ssh that a session needs.
aio::Task<void> open_session(aio::Loop& loop, const nix::Machine& where) {
  const transport::SocketFolder sockets;
  const auto connector = reach(loop, sockets, where).connector;
  auto link = co_await connector->open();
  co_await link->last_words();
  link.reset();
  co_await connector->close();
}

std::vector<std::string> calls_for(std::string_view line) {
  testing::FakeSsh ssh;
  ssh.allow_sessions(0);
  aio::Loop loop;
  loop.run(open_session(loop, machine(line)));
  return ssh.calls();
}

TEST(MachineAccess, RunsNixStoreThere) {
  const auto calls = calls_for("ssh://nix@b1 - /the/key");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_NE(calls[0].find(" -i/the/key "), std::string::npos) << calls[0];
  EXPECT_TRUE(calls[1].ends_with("; exec nix-store --serve --write'")) << calls[1];
}

TEST(MachineAccess, RunsNixDaemonThereForTheWorkerProtocol) {
  EXPECT_EQ(protocol_of(machine("ssh://b1")), store::BuilderProtocol::serve);
  EXPECT_EQ(protocol_of(machine("ssh-ng://b1")), store::BuilderProtocol::worker);
  EXPECT_EQ(protocol_of(machine("ssh-ng://localhost")), store::BuilderProtocol::serve);
  const auto calls = calls_for("ssh-ng://nix@b1");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_TRUE(calls[1].ends_with(" exec nix-daemon --stdio'")) << calls[1];
  const auto elsewhere = calls_for("ssh-ng://b1?remote-program=/opt/nix-daemon&remote-store=/srv");
  ASSERT_EQ(elsewhere.size(), 2U);
  EXPECT_TRUE(elsewhere[1].ends_with(" exec /opt/nix-daemon --stdio --store /srv'"))
      << elsewhere[1];
}

TEST(MachineAccess, TakesTheParametersOfTheUri) {
  const testing::Variable options("NIX_SSHOPTS", "-v -oA='b c'");
  const auto calls = calls_for(
      "ssh://b1?remote-program=/opt/my%20nix/nix-store&remote-store=/srv/x%20y&compress=true"
      "&ssh-key=/the/key");
  ASSERT_EQ(calls.size(), 2U);
  for (const char* word : {" -C ", " -i/the/key ", " -v -oA=b c "})
    EXPECT_NE(calls[0].find(word), std::string::npos) << word << " in " << calls[0];
  EXPECT_TRUE(calls[1].ends_with(
      R"(; exec '\''/opt/my nix/nix-store'\'' --serve --write --store '\''/srv/x y'\''')"))
      << calls[1];
}

}  // namespace
}  // namespace firn::farm
