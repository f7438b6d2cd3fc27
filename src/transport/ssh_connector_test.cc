// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_connector.h"

#include "aio/phase.h"
#include "aio/scope.h"
#include "support/fake_ssh.h"
#include "support/run.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::error_of;
using testing::FakeSsh;
using testing::Variable;

SshTarget target() {
  return {.user = "nix", .host = "b1"};
}

/// What a program answers to "hello"; empty where it is not there.
aio::Task<std::string> talk(Link& link) {
  std::array<std::byte, 64> buffer{};
  const std::string hello = "hello";
  co_await error_of(link.write(as_bytes(hello)));
  const std::size_t got = co_await link.read_some(buffer);
  co_return std::string(as_text(Bytes(buffer).first(got)));
}

class SshConnectorTest : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(SshConnectorTest&, SshConnector&);
  using Links = std::vector<std::unique_ptr<Link>>;

  /// Each remote program is a `cat`.
  void tell(Story story, const SshTarget& where = target()) { loop.run(tell_all(story, where)); }

  /// Opens a session as its owner does: until it speaks or its refusal teaches nothing.
  aio::Task<std::unique_ptr<Link>> open_session(SshConnector& connector) {
    for (int tries = 0; tries < 5; ++tries) {
      auto link = co_await connector.open();
      if (co_await talk(*link) == "hello") co_return link;
      if (!connector.learn_refusal(*link, co_await link->last_words())) break;
    }
    throw Error(Kind::unavailable, "no session");
  }

  aio::Task<void> open_none(SshConnector& connector) { co_await open_session(connector); }

  FakeSsh ssh;
  std::vector<std::string> commands{"cat"};
  SocketFolder sockets;
  aio::Loop loop;

 private:
  aio::Task<void> tell_all(Story story, SshTarget where) {
    SshConnector connector(loop, sockets, std::move(where), commands);
    std::exception_ptr error;
    try {
      co_await aio::within(loop, "the story", 20s, story(*this, connector));
    } catch (...) {
      error = std::current_exception();
    }
    co_await connector.close();
    if (error) std::rethrow_exception(error);
  }
};

TEST_F(SshConnectorTest, SessionsShareAConnection) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    Links links;
    for (int i = 0; i < 3; ++i)
      links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.masters(), 1U);
    EXPECT_EQ(t.ssh.calls().size(), 4U);
  });
}

TEST_F(SshConnectorTest, ACommandThatIsNotFoundIsNotTriedTwice) {
  commands = {"no-such-program", "cat", "never-reached"};
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    Links links;
    for (int i = 0; i < 2; ++i)
      links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.calls().size(), 4U);
    EXPECT_TRUE(t.ssh.calls().at(1).ends_with("; exec no-such-program'"));
    EXPECT_TRUE(t.ssh.calls().at(3).ends_with("; exec cat'"));
  });
}

TEST_F(SshConnectorTest, AfterTheLastCommandThereIsNoOtherTry) {
  commands = {"no-such-program", "nor-this-one"};
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    EXPECT_TRUE(co_await error_of(t.open_none(connector)));
    EXPECT_EQ(t.ssh.calls().size(), 3U);
  });
}

TEST_F(SshConnectorTest, AConnectionOpenedAheadServesTheFirstSession) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await connector.open_ahead();
    co_await connector.open_ahead();
    EXPECT_EQ(t.ssh.calls().size(), 1U);
    const auto link = co_await t.open_session(connector);
    EXPECT_EQ(t.ssh.masters(), 1U);
  });
}

aio::Task<void> open_one(SshConnectorTest* test, SshConnector* connector) {
  const auto link = co_await test->open_session(*connector);
}

TEST_F(SshConnectorTest, ManyAtOnceStillMakeOneConnection) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    aio::Scope scope(t.loop);
    for (int i = 0; i < 4; ++i)
      scope.spawn(open_one, &t, &connector);
    co_await scope.join();
    EXPECT_EQ(t.ssh.masters(), 1U);
  });
}

TEST_F(SshConnectorTest, ANinthSessionGetsAConnectionOfItsOwn) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    Links links;
    for (std::size_t i = 0; i < SshConnector::kSessionsPerConnection; ++i)
      links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.masters(), 1U);
    links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.masters(), 2U);
    links.erase(links.begin());
    links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.masters(), 2U) << "a place that is free again is used";
  });
}

TEST_F(SshConnectorTest, ARefusalTeachesHowManyFit) {
  ssh.allow_sessions(2);
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    Links links;
    for (int i = 0; i < 3; ++i)
      links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.masters(), 2U);
    EXPECT_EQ(t.ssh.calls().size(), 6U) << "two masters, three sessions, one refusal";
    for (int i = 0; i < 2; ++i)
      links.push_back(co_await t.open_session(connector));
    EXPECT_EQ(t.ssh.masters(), 3U);
    EXPECT_EQ(t.ssh.calls().size(), 9U) << "nobody is refused twice";
  });
}

TEST_F(SshConnectorTest, AConnectionThatEndedIsReplaced) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await t.open_session(connector);
    // Its socket goes with it, and ssh says nothing of a socket.
    fs::remove(t.ssh.last_socket());
    co_await t.open_session(connector);
    EXPECT_EQ(t.ssh.masters(), 2U);
  });
}

TEST_F(SshConnectorTest, AConnectionThatWasKilledIsReplaced) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await t.open_session(connector);
    // The socket stays, and nobody listens there.
    std::ofstream(t.ssh.last_socket()) << "nobody";
    co_await t.open_session(connector);
    EXPECT_EQ(t.ssh.masters(), 2U);
  });
}

TEST_F(SshConnectorTest, OtherFailuresTeachNothing) {
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    const auto link = co_await t.open_session(connector);
    EXPECT_FALSE(connector.learn_refusal(*link, "sh: 1: nix-store: not found (exit status 127)"));
    EXPECT_TRUE(connector.learn_refusal(*link,
                                        "mux_client_request_session: read from master "
                                        "failed: Broken pipe"));
  });
}

TEST_F(SshConnectorTest, SaysWhyItCannotConnect) {
  ssh.deny("nix@b1: Permission denied (publickey).");
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    const auto error = co_await error_of(connector.open());
    EXPECT_TRUE(error && error->kind() == Kind::permission);
    EXPECT_NE(error->message().find("nix@b1 does not let us in"), std::string::npos);
    EXPECT_EQ(t.ssh.masters(), 1U) << "it tried again";
  });
}

TEST_F(SshConnectorTest, WhoeverIsTurnedAwayKnocksAgain) {
  ssh.turn_away(1);
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await t.open_session(connector);
    EXPECT_EQ(t.ssh.masters(), 2U);
  });
}

TEST_F(SshConnectorTest, AFailedConnectionDoesNotStandInTheWayOfTheNext) {
  ssh.hang_masters();
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    const auto error = co_await error_of(
        aio::within(t.loop, "connecting", 10ms, testing::without_value(connector.open())));
    EXPECT_TRUE(error && error->kind() == Kind::timeout);
    t.ssh.let_masters_go();
    co_await t.open_session(connector);
  });
}

/// The number that a remote program has written to `file`.
aio::Task<int> number_in(SshConnectorTest& test, const fs::path& file) {
  int number = 0;
  while (!(std::ifstream(file) >> number))
    co_await aio::sleep_for(test.loop, 1ms);
  co_return number;
}

/// Ended, whether or not somebody has looked at how.
bool has_ended(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string stat;
  return !std::getline(file, stat) || stat.substr(stat.rfind(')')).starts_with(") Z");
}

aio::Task<void> gone(SshConnectorTest& test, int process) {
  while (!has_ended(process))
    co_await aio::sleep_for(test.loop, 1ms);
}

/// Does not look at its input, and tells its number.
std::string busy_command(const fs::path& file) {
  return "sh -c 'echo $$ > " + file.string() + "; exec sleep 60'";
}

TEST_F(SshConnectorTest, AProgramThatDoesNotEndWithItsSessionIsEnded) {
  const testing::TempFolder folder;
  commands = {busy_command(folder.path() / "pid")};
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    const std::string& command = t.commands.front();
    const auto begin = command.find('/');
    auto link = co_await connector.open();
    const int process = co_await number_in(t, command.substr(begin, command.find(';') - begin));
    EXPECT_EQ(::kill(process, 0), 0);
    link.reset();
    co_await gone(t, process);
  });
}

TEST_F(SshConnectorTest, AProgramEndsWithTheConnectionThoughNobodyClosedIt) {
  const testing::TempFolder folder;
  const auto file = folder.path() / "pid";
  int process = 0;
  const auto open = [](SshConnectorTest& t, fs::path pid_file, int& found) -> aio::Task<void> {
    SshConnector connector(t.loop, t.sockets, target(), {busy_command(pid_file)});
    const auto link = co_await connector.open();
    found = co_await number_in(t, pid_file);
  };
  loop.run(open(*this, file, process));
  loop.run(aio::within(loop, "its end", 20s, gone(*this, process)));
}

TEST_F(SshConnectorTest, ALoginThatRunsItsOwnCommandsIsServedToo) {
  ssh.force_command("cat");
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await t.open_session(connector);
    co_await t.open_session(connector);
    EXPECT_EQ(t.ssh.calls().size(), 3U);
  });
}

TEST_F(SshConnectorTest, ALoginThatRefusesWhatItDoesNotKnowIsAskedPlainly) {
  ssh.allow_only("cat");
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await t.open_session(connector);
    co_await t.open_session(connector);
    EXPECT_EQ(t.ssh.calls().size(), 4U) << "a master, a refusal, two sessions";
    EXPECT_TRUE(t.ssh.calls().back().ends_with(" cat"));
  });
}

TEST_F(SshConnectorTest, WhatSshSaysIsNotWhatTheProgramPrints) {
  ssh.chatter("Warning: Permanently added 'b1' to the list of known hosts.");
  commands = {"sh -c 'echo printed >&2; cat'"};
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    std::string heard;
    auto link = co_await connector.open();
    link->listen([&](std::string_view text) { heard += text; });
    co_await talk(*link);
    link->close_write();
    co_await link->diagnostics_ended();
    EXPECT_TRUE(heard.ends_with("printed\n")) << heard;
    EXPECT_EQ(heard.find("Warning"), std::string::npos);
    EXPECT_NE((co_await link->last_words()).find("Permanently added"), std::string::npos);
    link.reset();
  });
}

TEST_F(SshConnectorTest, CloseEndsTheConnections) {
  int master = 0;
  tell([](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
    co_await t.open_session(connector);
    EXPECT_FALSE(fs::is_empty(t.sockets.path()));
  });
  master = ssh.last_master();
  EXPECT_NE(::kill(master, 0), 0);
}

TEST_F(SshConnectorTest, GivesTheHostKeyToSsh) {
  SshTarget where = target();
  where.port = 2222;
  where.host_key = "ssh-ed25519 AAAA";
  tell(
      [](SshConnectorTest& t, SshConnector& connector) -> aio::Task<void> {
        co_await t.open_session(connector);
        const std::string words = t.ssh.calls().front();
        constexpr std::string_view kOption = "-oUserKnownHostsFile=";
        const auto begin = words.find(kOption) + kOption.size();
        std::ifstream file(words.substr(begin, words.find(' ', begin) - begin));
        EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
                  "[b1]:2222 ssh-ed25519 AAAA\n");
      },
      where);
}

TEST_F(SshConnectorTest, RefusesATargetThatSshWouldMisread) {
  SshTarget where = target();
  where.host = "-oProxyCommand=true";
  EXPECT_THROW(SshConnector(loop, sockets, where, commands), Error);
}

}  // namespace
}  // namespace firn::transport
