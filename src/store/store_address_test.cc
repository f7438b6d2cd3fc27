// SPDX-License-Identifier: Apache-2.0
#include "store/store_address.h"

#include "support/environment.h"
#include "support/listening_program.h"
#include "support/run.h"
#include "support/temp_folder.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

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

/// A `nix-daemon` that prints its words, first in PATH.
class WorkerConnectorTest : public ::testing::Test {
 public:
  WorkerConnectorTest() : path_("PATH", folder.path().string() + ":" + std::getenv("PATH")) {
    std::filesystem::permissions(folder.write("nix-daemon", "#!/bin/sh\necho \"$*\"\n"),
                                 std::filesystem::perms::owner_all);
  }

  /// A connector to where nobody listens.
  std::unique_ptr<transport::Connector> to_nobody(StoreAccess access) {
    return worker_connector(loop, {.access = access, .socket = folder.path() / "socket"});
  }

  testing::TempFolder folder;
  aio::Loop loop;

 private:
  Variable path_;
};

aio::Task<void> hear(transport::Connector& connector, std::string& words) {
  const auto link = co_await connector.open();
  std::array<std::byte, 64> buffer{};
  words = as_text(Bytes(buffer).first(co_await link->read_some(buffer)));
}

TEST_F(WorkerConnectorTest, WithoutADaemonTheNearestIsOneOfOurOwn) {
  for (const auto access : {StoreAccess::nearest, StoreAccess::direct}) {
    const auto connector = to_nobody(access);
    std::string words;
    loop.run(hear(*connector, words));
    EXPECT_EQ(words, "--stdio --store local\n");
  }
}

TEST_F(WorkerConnectorTest, TheNearestIsADaemonThatAnswers) {
  const std::vector<StoreAccess> both{StoreAccess::nearest, StoreAccess::daemon};
  for (const auto access : both) {
    std::optional<testing::ListeningProgram> daemon(std::in_place);
    const auto connector = worker_connector(loop, {.access = access, .socket = daemon->path()});
    loop.run(testing::without_value(connector->open()));
    EXPECT_TRUE(daemon->accept());
    daemon.reset();
    EXPECT_EQ(testing::kind_of(loop, testing::without_value(connector->open())), Kind::unavailable)
        << "it keeps to its choice";
  }
}

TEST_F(WorkerConnectorTest, ADaemonThatIsNotThereIsNamed) {
  const auto connector = to_nobody(StoreAccess::daemon);
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
