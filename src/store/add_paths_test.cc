// SPDX-License-Identifier: Apache-2.0
// Sending paths over a serve connection.
#include "aio/phase.h"
#include "store/serve_connection.h"
#include "support/run.h"
#include "support/scripted_server.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
using testing::error_of;
using testing::ScriptedReply;
using testing::ScriptedServer;
using testing::stored;
using testing::StoredPath;
using testing::tamper_with;
using testing::TextNar;
using testing::while_time_passes;
using wire::Command;

/// ImportPaths and AddToStoreNar.
constexpr std::array kOldAndNew = {wire::ServeVersion(4), wire::ServeVersion(8)};

/// Paths of a list, and what was said about them.
class ListedPaths final : public PathSource {
 public:
  explicit ListedPaths(std::vector<StoredPath> paths) : paths_(std::move(paths)) {}

  aio::Task<std::optional<Item>> next() override {
    if (given == paths_.size()) co_return std::nullopt;
    const StoredPath& path = paths_[given++];
    co_return Item{.info = path.info, .nar = std::make_unique<TextNar>(path.nar)};
  }

  void acknowledged(const nix::StorePath& path) override { known.push_back(path); }

  std::size_t given = 0;
  std::vector<nix::StorePath> known;

 private:
  std::vector<StoredPath> paths_;
};

std::vector<StoredPath> chain(std::size_t length) {
  std::vector<StoredPath> paths;
  for (std::size_t i = 0; i < length; ++i) {
    nix::StorePathSet references;
    if (i > 0) references.insert(paths.back().info.path);
    paths.push_back(stored("path-" + std::to_string(i), std::move(references)));
  }
  return paths;
}

std::vector<nix::StorePath> names(const std::vector<StoredPath>& paths) {
  std::vector<nix::StorePath> names;
  names.reserve(paths.size());
  for (const auto& path : paths)
    names.push_back(path.info.path);
  return names;
}

class AddPathsTest : public ::testing::Test {
 public:
  AddPathsTest() { server.last_words = "error: writing to file: No space left on device"; }

  std::optional<Error> send(ListedPaths& source) {
    std::optional<Error> error;
    loop.run(send_into(source, error));
    return error;
  }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedServer server{loop};

 private:
  aio::Task<void> send_into(ListedPaths& source, std::optional<Error>& error) {
    ServeConnection connection(loop, server.open(), "b1");
    co_await connection.greet();
    auto sending = aio::with_progress(
        loop, "sending", 1min, connection.progress(), connection.add_paths(source));
    error = co_await error_of(while_time_passes(loop, 10s, std::move(sending)));
    EXPECT_EQ(connection.is_usable(), !error.has_value());
  }
};

void expect_error(const std::optional<Error>& error, Kind kind, std::string_view words) {
  if (!error) {
    ADD_FAILURE() << "no error";
    return;
  }
  EXPECT_EQ(error->kind(), kind) << error->message();
  EXPECT_NE(error->message().find(words), std::string::npos) << error->message();
}

TEST_F(AddPathsTest, SendsInOrderWithEveryVersion) {
  for (std::uint8_t minor = 1; minor <= 8; ++minor) {
    server.version = wire::ServeVersion(minor);
    server.added.clear();
    server.requests.clear();
    const auto paths = chain(5);
    ListedPaths source(paths);
    EXPECT_FALSE(send(source));
    EXPECT_EQ(server.added, names(paths)) << int(minor);
    EXPECT_EQ(source.known, names(paths)) << int(minor);
    EXPECT_EQ(server.paths.at(paths[4].info.path).info.references,
              nix::StorePathSet{paths[3].info.path});
    EXPECT_EQ(server.count(Command::import_paths), minor < 5 ? 1U : 0U);
    EXPECT_EQ(server.count(Command::add_to_store_nar), minor < 5 ? 0U : 5U);
  }
}

TEST_F(AddPathsTest, NothingToSendIsFine) {
  for (const wire::ServeVersion version : kOldAndNew) {
    server.version = version;
    ListedPaths source({});
    EXPECT_FALSE(send(source));
  }
}

// Three acknowledgements fill the way back: a sender that does not read them while it writes, and
// the server, would wait for each other.
TEST_F(AddPathsTest, ReadsAcknowledgementsWhileItSends) {
  server.capacity = 24;
  const auto paths = chain(20);
  ListedPaths source(paths);
  EXPECT_FALSE(send(source));
  EXPECT_EQ(source.known, names(paths));
}

TEST_F(AddPathsTest, SendsOnlySoMuchAhead) {
  server.capacity = std::size_t{1} << 24U;
  server.tamper =
      tamper_with(Command::add_to_store_nar, [](ScriptedReply& reply) { reply.bytes.clear(); });
  ListedPaths source(std::vector<StoredPath>(1100, stored("a")));
  expect_error(send(source), Kind::timeout, "sending stood still");
  EXPECT_LE(source.given, 1025U);
  EXPECT_TRUE(source.known.empty());
}

// The bigger the path, the longer may the server be busy with it; but not while it takes no bytes.
TEST_F(AddPathsTest, WaitsForTheAnswerAsLongAsThePathIsBig) {
  const auto big = stored(testing::store_path("big"), testing::nar_of(std::string(1U << 20U, 'x')));
  for (const wire::ServeVersion version : kOldAndNew) {
    server.version = version;
    server.capacity = std::size_t{1} << 24U;
    server.tamper = [](Command command, ScriptedReply& reply) {
      if (command == Command::add_to_store_nar || command == Command::import_paths)
        reply.bytes.clear();
    };
    ListedPaths source({big});
    expect_error(send(source), Kind::timeout, "sending stood still for 304 s");
  }
  server.tamper = {};
  server.stops_reading_after = 1000;
  server.capacity = 64;
  server.version = wire::kNewestServe;
  ListedPaths source({big});
  expect_error(send(source), Kind::timeout, "sending stood still for 60 s");
}

TEST_F(AddPathsTest, WhatWasAcknowledgedStays) {
  const auto paths = chain(6);
  server.dies_after_upload = paths[0].nar.size() * 3 + 1;
  server.capacity = 64;
  ListedPaths source(paths);
  EXPECT_TRUE(send(source));
  EXPECT_LE(source.known.size(), 3U);
  EXPECT_EQ(server.added.size(), 3U);
}

TEST_F(AddPathsTest, ADyingServerIsQuoted) {
  for (const wire::ServeVersion version : kOldAndNew) {
    for (const std::size_t capacity : {16UL, 65536UL}) {
      server.version = version;
      server.capacity = capacity;
      server.dies_after_upload = 1000;
      ListedPaths source(
          {stored(testing::store_path("big"), testing::nar_of(std::string(2000, 'x')))});
      expect_error(send(source),
                   Kind::unavailable,
                   "b1 ended the conversation: error: writing to file: No space left");
    }
  }
}

TEST_F(AddPathsTest, ANarThatHasChangedOnDiskIsOurFault) {
  for (const wire::ServeVersion version : kOldAndNew) {
    for (const int difference : {-8, 8}) {
      server.version = version;
      server.added.clear();
      auto path = stored("a");
      path.info.nar_size = ByteCount(path.nar.size() + static_cast<std::uint64_t>(difference));
      ListedPaths source({path});
      expect_error(send(source), Kind::conflict, path.info.path.str() + " has changed on disk");
      EXPECT_TRUE(server.added.empty());
    }
  }
}

class TornNar final : public NarStream {
 public:
  aio::Task<Bytes> next() override {
    if (std::exchange(begun_, true)) throw Error(Kind::not_found, "the file has gone");
    co_return as_bytes("nix-archive-1");
  }

 private:
  bool begun_ = false;
};

aio::Task<void> send_torn(aio::Loop& loop, ScriptedServer& server) {
  ServeConnection connection(loop, server.open(), "b1");
  co_await connection.greet();
  TornNar nar;
  const auto info = stored("a").info;
  expect_error(
      co_await error_of(connection.add_path(info, nar)), Kind::not_found, "the file has gone");
  EXPECT_FALSE(connection.is_usable());
}

TEST_F(AddPathsTest, AnErrorOfTheSourceIsPassedOn) {
  for (const wire::ServeVersion version : kOldAndNew) {
    server.version = version;
    loop.run(send_torn(loop, server));
  }
}

// The server says something wrong and does not read on: the sender, waiting for room, must hear of
// it.
TEST_F(AddPathsTest, AGarbledAcknowledgementEndsASenderThatWaits) {
  server.tamper = testing::say_instead(Command::add_to_store_nar, "garbage!");
  server.capacity = 64;
  ListedPaths source(chain(10));
  expect_error(send(source), Kind::protocol, "acknowledgement");
}

TEST_F(AddPathsTest, AnAcknowledgementTooManyIsNotTakenForAReply) {
  server.tamper = tamper_with(Command::add_to_store_nar,
                              [](ScriptedReply& reply) { reply.bytes += reply.bytes; });
  loop.run([](aio::Loop& l, ScriptedServer& s) -> aio::Task<void> {
    ServeConnection connection(l, s.open(), "b1");
    co_await connection.greet();
    const auto path = stored("a");
    TextNar nar(path.nar);
    co_await connection.add_path(path.info, nar);
    EXPECT_FALSE(connection.is_usable());
  }(loop, server));
}

}  // namespace
}  // namespace firn::store
