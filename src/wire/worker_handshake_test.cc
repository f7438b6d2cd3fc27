// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_handshake.h"

#include "base/error.h"
#include "support/wire_checks.h"
#include "support/worker_samples.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire::worker {
namespace {

using ::testing::HasSubstr;

const DaemonInfo kInfo{.nix_version = "2.34.8", .trust = Trust::trusted};

/// Both halves, and what has been said.
struct Greeting {
  ClientHandshake client;
  ServerHandshake server;
  std::string said_by_client;
  std::string said_by_server;
};

/// Hands what one half says to the other, `piece` bytes at a time, until both are done.
void talk(Greeting& greeting, std::size_t piece) {
  std::string to_server;
  std::string to_client;
  bool client_done = false;
  bool server_done = false;
  const auto say = [](std::string bytes, std::string& said, std::string& pending) {
    said += bytes;
    pending += bytes;
  };
  const auto hear = [piece](auto& half, std::string& pending) {
    bool done = false;
    for (std::size_t arrived = 0; !done; arrived += piece) {
      const auto progress = half.feed(std::string_view(pending).substr(0, arrived));
      pending.erase(0, progress.consumed);
      arrived -= progress.consumed;
      done = progress.done;
      if (arrived >= pending.size()) break;
    }
    return done;
  };
  for (int round = 0; round < 6 && !(client_done && server_done); ++round) {
    say(greeting.client.take_output(), greeting.said_by_client, to_server);
    server_done = hear(greeting.server, to_server);
    say(greeting.server.take_output(), greeting.said_by_server, to_client);
    client_done = hear(greeting.client, to_client);
  }
  EXPECT_TRUE(client_done);
  EXPECT_TRUE(server_done);
  EXPECT_EQ(to_server, "");
  EXPECT_EQ(to_client, "");
}

Greeting greeting_of(Protocol client, Protocol server) {
  return {.client = ClientHandshake(client.version, client.features),
          .server = ServerHandshake(server, kInfo),
          .said_by_client = {},
          .said_by_server = {}};
}

TEST(WorkerHandshake, BothHalvesAgree) {
  const auto all = testing::worker_protocols();
  for (const Protocol client : all) {
    for (const Protocol server : all) {
      SCOPED_TRACE(client.str() + " meets " + server.str());
      auto greeting = greeting_of(client, server);
      talk(greeting, 64);
      const Protocol expected{.version = agree(client.version, server.version),
                              .features = agree(client.features, server.features)};
      EXPECT_EQ(greeting.client.protocol(), expected);
      EXPECT_EQ(greeting.server.protocol(), expected);
      const bool has_version = expected.version >= WorkerVersion(33);
      const bool has_trust = expected.version >= WorkerVersion(35);
      EXPECT_EQ(greeting.client.daemon().nix_version.has_value(), has_version);
      EXPECT_EQ(greeting.client.daemon().trust, has_trust ? Trust::trusted : Trust::unknown);
    }
  }
}

TEST(WorkerHandshake, DoesNotMindHowBytesArrive) {
  const auto newest = testing::worker_protocols().back();
  for (const std::size_t piece : {1U, 3U, 8U, 1000U}) {
    auto greeting = greeting_of(newest, newest);
    talk(greeting, piece);
    EXPECT_EQ(greeting.client.daemon(), kInfo);
  }
}

TEST(WorkerHandshake, StopsWhereMessagesBegin) {
  const auto newest = testing::worker_protocols().back();
  auto greeting = greeting_of(newest, newest);
  talk(greeting, 64);
  ClientHandshake again(newest.version, newest.features);
  const auto progress = again.feed(greeting.said_by_server + "more");
  EXPECT_TRUE(progress.done);
  EXPECT_EQ(progress.consumed, greeting.said_by_server.size());
}

TEST(WorkerHandshake, CutOnesAskForMoreAndChangedOnesAreNoDisaster) {
  const auto newest = testing::worker_protocols().back();
  auto greeting = greeting_of(newest, newest);
  talk(greeting, 64);
  const auto client = [&](std::string_view bytes) -> std::uint64_t {
    return ClientHandshake(newest.version, newest.features).feed(bytes).missing;
  };
  const auto server = [&](std::string_view bytes) -> std::uint64_t {
    return ServerHandshake(newest, kInfo).feed(bytes).missing;
  };
  testing::expect_asks_for_more(greeting.said_by_server, client);
  testing::expect_survives_changes(greeting.said_by_server, client);
  testing::expect_asks_for_more(greeting.said_by_client, server);
  testing::expect_survives_changes(greeting.said_by_client, server);
}

TEST(WorkerHandshake, AnObsoleteProcessorIsPassedOver) {
  const Protocol old{.version = WorkerVersion(32), .features = {}};
  ClientHandshake client(old.version, {});
  std::string said = client.take_output();
  Encoder io(said);
  io.u64(1);
  io.u64(5);
  io.u64(0);
  ServerHandshake server(old, kInfo);
  const auto progress = server.feed(said);
  EXPECT_TRUE(progress.done);
  EXPECT_EQ(progress.consumed, said.size());
}

TEST(WorkerHandshake, UnknownFeaturesAreNotAgreed) {
  ClientHandshake client;
  std::string said;
  Encoder io(said);
  io.u64(0x6478696f);
  io.u64(kNewestWorker.number());
  io.texts({"brand-new", "realisation-with-path-not-hash"}, kNameLimit);
  io.text("2.99", kNameLimit);
  io.u64(2);
  ASSERT_TRUE(client.feed(said).done);
  EXPECT_EQ(client.protocol().features, FeatureSet({Feature::realisation_with_path}));
  EXPECT_EQ(client.daemon().trust, Trust::not_trusted);
}

template <class Half>
std::string error_of(Half half, std::string_view bytes) {
  try {
    half.feed(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    return error.message();
  }
  return "no error";
}

std::string hello(std::uint64_t magic, std::uint32_t version) {
  std::string bytes;
  Encoder io(bytes);
  io.u64(magic);
  io.u32(version);
  return bytes;
}

TEST(WorkerHandshake, RefusesWhatIsNoPeer) {
  EXPECT_EQ(error_of(ClientHandshake(), "bash: no"),
            "expected the greeting of nix-daemon, got: 'bash: no'");
  EXPECT_THAT(error_of(ClientHandshake(), hello(0x6478696f, 0x114)), HasSubstr("1.20"));
  EXPECT_THAT(error_of(ClientHandshake(), hello(0x6478696f, 0x200)), HasSubstr("2.0"));
  const ServerHandshake server({.version = kNewestWorker, .features = {}}, kInfo);
  EXPECT_THAT(error_of(server, "GET / HTTP/1.1"), HasSubstr("the greeting of a Nix client"));
  EXPECT_THAT(error_of(server, hello(0x6e697863, 0x114)), HasSubstr("1.20"));
}

}  // namespace
}  // namespace firn::wire::worker
