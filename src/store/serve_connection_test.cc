// SPDX-License-Identifier: Apache-2.0
#include "store/serve_connection.h"

#include "aio/phase.h"
#include "support/run.h"
#include "support/scripted_server.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
using testing::cut_off;
using testing::error_of;
using testing::fall_silent;
using testing::read_into;
using testing::say_instead;
using testing::say_twice;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;
using testing::while_time_passes;
using wire::Command;

class ServeConnectionTest : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(ServeConnectionTest&, ServeConnection&);

  ServeConnectionTest() { server.last_words = "error: out of tea"; }

  /// `story` on a connection that has greeted.
  void tell(Story story) { loop.run(tell_greeted(story)); }

  std::optional<Error> greet() {
    std::optional<Error> error;
    loop.run(greet_into(error));
    return error;
  }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedServer server{loop};
  wire::ServeVersion agreed{0};

 private:
  aio::Task<void> tell_greeted(Story story) {
    ServeConnection connection(loop, server.open(), "b1");
    co_await connection.greet();
    co_await story(*this, connection);
  }

  aio::Task<void> greet_into(std::optional<Error>& error) {
    ServeConnection connection(loop, server.open(), "b1");
    error = co_await while_and_error(connection);
    agreed = connection.version();
    EXPECT_EQ(connection.is_usable(), !error.has_value());
  }

  aio::Task<std::optional<Error>> while_and_error(ServeConnection& connection) {
    return error_of(while_time_passes(loop, 1s, connection.greet()));
  }
};

/// What every broken conversation leaves behind.
aio::Task<void> expect_left(ServeConnection& connection) {
  EXPECT_FALSE(connection.is_usable());
  const auto error = co_await error_of(connection.call(wire::QueryValidPaths{}));
  EXPECT_TRUE(error && error->kind() == Kind::internal) << "the next request read on";
}

void expect_error(const std::optional<Error>& error, Kind kind, std::string_view words) {
  if (!error) {
    ADD_FAILURE() << "no error";
    return;
  }
  EXPECT_EQ(error->kind(), kind) << error->message();
  EXPECT_NE(error->message().find(words), std::string::npos) << error->message();
}

TEST_F(ServeConnectionTest, AgreesOnTheLowerVersion) {
  for (std::uint8_t minor = 1; minor <= 12; ++minor) {
    server.version = wire::ServeVersion(minor);
    EXPECT_FALSE(greet());
    EXPECT_EQ(agreed, std::min(server.version, wire::kNewestServe)) << int(minor);
  }
}

TEST_F(ServeConnectionTest, ShowsTheTextThatCameInsteadOfAGreeting) {
  server.greeting = "bash: nix-store: command not found\n";
  expect_error(greet(), Kind::protocol, "bash: nix-store: command not found");
}

TEST_F(ServeConnectionTest, ShowsTheLastWordsOfAServerThatDoesNotGreet) {
  server.refusals = 1;
  expect_error(greet(), Kind::unavailable, "b1 ended the conversation: mux_client");
}

TEST_F(ServeConnectionTest, AGreetingMayEndAnywhere) {
  const std::string hello = wire::server_hello();
  for (std::size_t size = 1; size < hello.size(); size += 2) {
    server.greeting = hello.substr(0, size);
    expect_error(greet(), Kind::unavailable, "out of tea");
  }
}

TEST_F(ServeConnectionTest, RefusesServersThatCannotBuild) {
  server.version = wire::ServeVersion(0);
  expect_error(greet(), Kind::protocol, "1.10");
}

aio::Task<void> ask_everything(ServeConnection& connection) {
  const auto path = store_path("a");
  const auto valid =
      co_await connection.call(wire::QueryValidPaths{.paths = {path, store_path("nowhere")}});
  EXPECT_EQ(valid, nix::StorePathSet{path});
  const auto infos = co_await connection.call(wire::QueryPathInfos{.paths = {path}});
  EXPECT_EQ(infos.size(), 1U);
  const auto closure = co_await connection.call(wire::QueryClosure{.paths = {path}});
  EXPECT_EQ(closure, (nix::StorePathSet{path, store_path("b")}));
  wire::BuildDerivation build{.drv_path = testing::drv_path("c"), .derivation = {}, .options = {}};
  build.derivation.outputs["out"].path = store_path("c");
  const auto result = co_await connection.call(build);
  EXPECT_EQ(result.status, nix::BuildStatus::built);
  const auto reply = co_await connection.call(wire::BuildPaths{.targets = {"x"}, .options = {}});
  EXPECT_EQ(reply.exit_status, 0U);
  std::string nar;
  const auto dump = connection.dump(path);
  co_await read_into(*dump, nar);
  EXPECT_EQ(nar, stored("a").nar);
  EXPECT_TRUE(connection.is_usable());
}

TEST_F(ServeConnectionTest, AsksEverythingOfEveryVersion) {
  server.hold(stored("a", {store_path("b")}));
  server.hold(stored("b"));
  for (std::uint8_t minor = 1; minor <= 8; ++minor) {
    server.version = wire::ServeVersion(minor);
    tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
      co_await ask_everything(c);
    });
  }
}

TEST_F(ServeConnectionTest, AReplyMayEndAnywhere) {
  server.hold(stored("a"));
  std::string reply;
  wire::append_reply<wire::QueryPathInfos>(reply, {stored("a").info}, server.version);
  for (std::size_t size = 0; size < reply.size(); size += 11) {
    server.tamper = cut_off(Command::query_path_infos, size);
    tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
      const wire::QueryPathInfos request{.paths = {store_path("a")}};
      expect_error(co_await error_of(c.call(request)), Kind::unavailable, "out of tea");
      co_await expect_left(c);
    });
  }
}

TEST_F(ServeConnectionTest, AGarbledReplyIsAProtocolError) {
  using namespace std::string_literals;
  const std::string endless(8, '\xff');
  const std::string billion("\0\0\0\0\1\0\0\0", 8);
  for (const std::string& bytes : {endless, billion, "\1\0\0\0\0\0\0\0"s + endless}) {
    server.tamper = say_instead(Command::query_valid_paths, bytes);
    tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
      expect_error(co_await error_of(c.call(wire::QueryValidPaths{})), Kind::protocol, "at byte");
      co_await expect_left(c);
    });
  }
}

TEST_F(ServeConnectionTest, ASilentServerMeetsTheWatchdog) {
  for (const std::size_t size : {0UL, 8UL, 20UL}) {
    server.tamper = fall_silent(Command::query_valid_paths, size);
    server.hold(stored("a"));
    tell([](ServeConnectionTest& t, ServeConnection& c) -> aio::Task<void> {
      const wire::QueryValidPaths request{.paths = {store_path("a")}};
      auto call = aio::with_progress(t.loop, "asking", 10s, c.progress(), c.call(request));
      const auto error =
          co_await error_of(while_time_passes(t.loop, 1s, testing::without_value(std::move(call))));
      expect_error(error, Kind::timeout, "asking stood still");
      co_await expect_left(c);
    });
  }
}

TEST_F(ServeConnectionTest, AnAnswerTooManyIsNotTakenForTheNext) {
  server.tamper = say_twice(Command::query_valid_paths);
  tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
    co_await c.call(wire::QueryValidPaths{});
    EXPECT_FALSE(c.is_usable());
    const auto error = co_await error_of(c.call(wire::QueryValidPaths{}));
    expect_error(error, Kind::protocol, "b1 has sent what nobody asked for");
  });
}

TEST_F(ServeConnectionTest, OneRequestAtATime) {
  server.tamper = fall_silent(Command::query_valid_paths);
  tell([](ServeConnectionTest& t, ServeConnection& c) -> aio::Task<void> {
    struct Other {
      static aio::Task<void> ask(ServeConnection* connection) {
        co_await connection->call(wire::QueryValidPaths{});
      }
    };

    aio::Scope scope(t.loop);
    scope.spawn(&Other::ask, &c);
    co_await testing::settle();
    EXPECT_FALSE(c.is_usable());
    const auto error = co_await error_of(c.call(wire::QueryValidPaths{}));
    expect_error(error, Kind::internal, "did not end");
    co_await scope.close();
    co_await expect_left(c);
  });
}

TEST_F(ServeConnectionTest, DumpsToTheEndAndGoesOn) {
  server.capacity = 37;
  server.hold(stored(store_path("a"), testing::nar_of(std::string(1000, 'x'))));
  tell([](ServeConnectionTest& t, ServeConnection& c) -> aio::Task<void> {
    std::string nar;
    const auto dump = c.dump(store_path("a"));
    co_await read_into(*dump, nar);
    EXPECT_EQ(nar, t.server.paths.at(store_path("a")).nar);
    EXPECT_TRUE((co_await dump->next()).empty());
    const auto valid = co_await c.call(wire::QueryValidPaths{.paths = {store_path("a")}});
    EXPECT_EQ(valid.size(), 1U);
  });
}

TEST_F(ServeConnectionTest, ADumpThatIsLeftTakesTheConnectionWithIt) {
  server.hold(stored("a"));
  for (server.capacity = 8; server.capacity <= 4096; server.capacity *= 8) {
    tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
      auto dump = c.dump(store_path("a"));
      EXPECT_FALSE((co_await dump->next()).empty());
      // The last bytes may have come, but nobody has seen the end.
      dump.reset();
      co_await expect_left(c);
    });
  }
}

TEST_F(ServeConnectionTest, ADumpMayEndAnywhere) {
  server.hold(stored("a"));
  for (std::size_t size = 0; size < stored("a").nar.size(); size += 9) {
    server.tamper = cut_off(Command::dump_store_path, size);
    tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
      std::string nar;
      const auto dump = c.dump(store_path("a"));
      expect_error(co_await error_of(read_into(*dump, nar)), Kind::unavailable, "out of tea");
      EXPECT_FALSE(c.is_usable());
    });
  }
}

TEST_F(ServeConnectionTest, ADumpOfWhatIsNoNarIsAnError) {
  server.hold(stored("a"));
  server.tamper = say_instead(Command::dump_store_path, std::string(200, 'x'));
  tell([](ServeConnectionTest&, ServeConnection& c) -> aio::Task<void> {
    std::string nar;
    auto dump = c.dump(store_path("a"));
    expect_error(co_await error_of(read_into(*dump, nar)), Kind::invalid, "NAR");
    dump.reset();
    co_await expect_left(c);
  });
}

TEST_F(ServeConnectionTest, CloseEndsTheServer) {
  server.tamper = fall_silent(Command::query_valid_paths);
  tell([](ServeConnectionTest& t, ServeConnection& c) -> aio::Task<void> {
    EXPECT_EQ(t.server.alive, 1U);
    co_await c.close();
    EXPECT_EQ(t.server.alive, 0U);
    EXPECT_FALSE(c.is_usable());
  });
}

TEST_F(ServeConnectionTest, LeavingScopeEndsTheServer) {
  tell([](ServeConnectionTest&, ServeConnection&) -> aio::Task<void> { co_return; });
  loop.run(testing::settle());
  EXPECT_EQ(server.alive, 0U);
}

aio::Task<void> connect_into(aio::Loop& loop, ScriptedServer& server, std::optional<Error>& error) {
  const auto connector = server.connector();
  std::unique_ptr<ServeConnection> connection;
  try {
    connection = co_await connect(loop, *connector, "b1");
    EXPECT_EQ(connection->announced(), server.version);
  } catch (const Error& e) {
    error = e;
  }
  EXPECT_EQ(connection != nullptr, !error.has_value());
}

TEST_F(ServeConnectionTest, ConnectTriesAgainAfterRefusals) {
  server.refusals = 3;
  std::optional<Error> error;
  loop.run(connect_into(loop, server, error));
  EXPECT_FALSE(error);
  EXPECT_EQ(server.opened, 4U);
}

TEST_F(ServeConnectionTest, ConnectDoesNotTryForEver) {
  server.refusals = 1000;
  std::optional<Error> error;
  loop.run(connect_into(loop, server, error));
  expect_error(error, Kind::unavailable, "refused by peer");
  EXPECT_LT(server.opened, 20U);
}

TEST_F(ServeConnectionTest, ConnectTriesNothingElseAgain) {
  server.greeting = "This account is currently not available.\n";
  std::optional<Error> error;
  loop.run(connect_into(loop, server, error));
  expect_error(error, Kind::protocol, "'This account is currently not available.' came where");
  EXPECT_EQ(server.opened, 1U);
}

TEST_F(ServeConnectionTest, ConnectDoesNotWaitForEver) {
  server.greeting = wire::server_hello().substr(0, 3);
  server.after_greeting = testing::ScriptedReply::Then::hang;
  std::optional<Error> error;
  loop.run(while_time_passes(loop, 1s, connect_into(loop, server, error)));
  expect_error(error, Kind::timeout, "b1: the login works, but nothing was heard of Nix for 45 s");
  EXPECT_EQ(server.opened, 1U);
}

}  // namespace
}  // namespace firn::store
