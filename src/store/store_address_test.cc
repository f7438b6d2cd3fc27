// SPDX-License-Identifier: Apache-2.0
#include "store/store_address.h"

#include "base/fd.h"
#include "support/environment.h"
#include "support/run.h"
#include "support/temp_folder.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using testing::error_of;
using testing::Variable;

TEST(StoreAddress, IsReadAsInNix) {
  const Variable socket("NIX_DAEMON_SOCKET_PATH", "");
  const Variable state("NIX_STATE_DIR", "");
  const std::string usual = "/nix/var/nix/daemon-socket/socket";
  EXPECT_EQ(parse_store_address("auto"),
            (StoreAddress{.access = StoreAccess::nearest, .socket = usual}));
  EXPECT_EQ(parse_store_address("daemon"),
            (StoreAddress{.access = StoreAccess::daemon, .socket = usual}));
  EXPECT_EQ(parse_store_address("unix://"), parse_store_address("daemon"));
  EXPECT_EQ(parse_store_address("unix:///run/my%20nix"),
            (StoreAddress{.access = StoreAccess::daemon, .socket = "/run/my nix"}));
  EXPECT_EQ(parse_store_address("local"),
            (StoreAddress{.access = StoreAccess::direct, .socket = usual}));
}

TEST(StoreAddress, TheEnvironmentMovesTheSocket) {
  const Variable state("NIX_STATE_DIR", "/srv/nix");
  {
    const Variable socket("NIX_DAEMON_SOCKET_PATH", "");
    EXPECT_EQ(parse_store_address("daemon").socket, "/srv/nix/daemon-socket/socket");
  }
  const Variable socket("NIX_DAEMON_SOCKET_PATH", "/run/nix");
  EXPECT_EQ(parse_store_address("daemon").socket, "/run/nix");
  EXPECT_EQ(parse_store_address("unix:///run/other").socket, "/run/other");
}

TEST(StoreAddress, IsWrittenAsInNix) {
  for (const char* text : {"auto", "unix:///run/nix", "local"})
    EXPECT_EQ(parse_store_address(text).str(), text);
}

TEST(StoreAddress, OtherStoresAreRefused) {
  for (const char* text : {"",
                           "ssh://b1",
                           "b1",
                           "https://cache.example.org",
                           "/srv/store",
                           "local?root=/srv",
                           "unix://host/run/nix",
                           "unix:///run/nix?root=/srv",
                           "deamon"}) {
    try {
      parse_store_address(text);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), Kind::invalid);
      EXPECT_EQ(
          e.message(),
          "--store takes a store of this machine (auto, daemon, unix://PATH or local), not '" +
              std::string(text) + "'");
    }
  }
}

TEST(StoreAddress, TheEnvironmentNamesAStore) {
  {
    const Variable remote("NIX_REMOTE", "");
    EXPECT_EQ(store_address_of_environment().str(), "auto");
  }
  {
    const Variable remote("NIX_REMOTE", "local");
    EXPECT_EQ(store_address_of_environment().str(), "local");
  }
  const Variable remote("NIX_REMOTE", "ssh-ng://b1");
  try {
    store_address_of_environment();
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_TRUE(e.message().starts_with("NIX_REMOTE takes ")) << e.message();
  }
}

/// A folder with a `nix-daemon` that prints its words, first in PATH, and perhaps a socket.
class WorkerConnectorTest : public ::testing::Test {
 public:
  WorkerConnectorTest() : path_("PATH", folder.path().string() + ":" + std::getenv("PATH")) {
    std::filesystem::permissions(folder.write("nix-daemon", "#!/bin/sh\necho \"$*\"\n"),
                                 std::filesystem::perms::owner_all);
  }

  StoreAddress address(StoreAccess access) const {
    return {.access = access, .socket = folder.path() / "socket"};
  }

  void listen() {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, (folder.path() / "socket").c_str(), sizeof(name.sun_path) - 1);
    socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
    EXPECT_EQ(::listen(socket_.get(), 4), 0);
  }

  /// Takes a connection and says "hello".
  void say_hello() const {
    const Fd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_EQ(::write(peer.get(), "hello", 5), 5);
  }

  void stop_listening() {
    socket_.reset();
    std::filesystem::remove(folder.path() / "socket");
  }

  testing::TempFolder folder;
  aio::Loop loop;

 private:
  Variable path_;
  Fd socket_;
};

/// What the other side says first.
aio::Task<void> hear(WorkerConnectorTest& test,
                     transport::Connector& connector,
                     std::string& words) {
  const auto link = co_await connector.open();
  if (std::filesystem::exists(test.folder.path() / "socket")) test.say_hello();
  std::array<std::byte, 64> buffer{};
  words = as_text(Bytes(buffer).first(co_await link->read_some(buffer)));
}

std::string first_words(WorkerConnectorTest& test, transport::Connector& connector) {
  std::string words;
  test.loop.run(hear(test, connector, words));
  return words;
}

TEST_F(WorkerConnectorTest, TheNearestIsADaemonThatAnswers) {
  listen();
  const auto connector = worker_connector(loop, address(StoreAccess::nearest));
  EXPECT_EQ(first_words(*this, *connector), "hello");
  stop_listening();
  EXPECT_EQ(testing::kind_of(loop, testing::without_value(connector->open())), Kind::unavailable)
      << "it keeps to its choice";
}

TEST_F(WorkerConnectorTest, ElseOneOfOurOwn) {
  const auto connector = worker_connector(loop, address(StoreAccess::nearest));
  EXPECT_EQ(first_words(*this, *connector), "--stdio --store local\n");
}

TEST_F(WorkerConnectorTest, DirectMeansDirect) {
  const auto connector = worker_connector(loop, address(StoreAccess::direct));
  EXPECT_EQ(first_words(*this, *connector), "--stdio --store local\n");
}

TEST_F(WorkerConnectorTest, ADaemonThatIsNotThereIsNamed) {
  const auto connector = worker_connector(loop, address(StoreAccess::daemon));
  try {
    loop.run(testing::without_value(connector->open()));
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::unavailable);
    EXPECT_EQ(e.message(),
              "the local store cannot be reached: connect to " +
                  (folder.path() / "socket").string() +
                  ": No such file or directory; --store local opens it without its daemon");
  }
}

}  // namespace
}  // namespace firn::store
