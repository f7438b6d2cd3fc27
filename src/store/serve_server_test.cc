// SPDX-License-Identifier: Apache-2.0
// Our server and our client, at every version.
#include "store/serve_server.h"

#include "store/serve_connection.h"
#include "support/served_conversation.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
using testing::build_of;
using testing::drv_path;
using testing::error_of;
using ::testing::HasSubstr;
using testing::nar_of;
using testing::RawClient;
using testing::ServedConversation;
using testing::settle;
using testing::store_path;
using testing::stored;
using testing::StoredPath;
using wire::ServeVersion;

template <int kFirst>
class VersionsFrom : public ServedConversation, public ::testing::WithParamInterface<int> {};

using OurClient = VersionsFrom<1>;
INSTANTIATE_TEST_SUITE_P(Minors, OurClient, ::testing::Range(1, 9));

/// The story of one build step: what a coordinator asks of a builder.
TEST_P(OurClient, Builds) {
  served.options.announced = ServeVersion(static_cast<std::uint8_t>(GetParam()));
  tell([](ServedConversation& t, ServeConnection& client) -> aio::Task<void> {
    const auto input = stored("input");
    const nix::StorePathSet wanted{input.info.path};
    EXPECT_EQ(co_await client.call(wire::QueryValidPaths{.lock = true, .paths = wanted}),
              nix::StorePathSet());
    testing::TextNar nar(input.nar);
    co_await client.add_path(input.info, nar);
    EXPECT_TRUE(t.served.store.locked.contains(input.info.path));
    EXPECT_EQ(co_await client.call(wire::QueryValidPaths{.lock = true, .paths = wanted}), wanted);

    auto request = build_of("app");
    request.derivation.input_sources = wanted;
    const auto result = co_await client.call(request);
    EXPECT_EQ(result.status, nix::BuildStatus::built);

    const auto infos =
        co_await client.call(wire::QueryPathInfos{.paths = {store_path("app"), store_path("no")}});
    EXPECT_EQ(infos.size(), 1U);
    EXPECT_EQ(infos.at(0).path, store_path("app"));
    std::string bytes;
    const auto dump = client.dump(store_path("app"));
    co_await testing::read_into(*dump, bytes);
    EXPECT_EQ(bytes, t.served.store.paths.at(store_path("app")).nar);
    EXPECT_EQ((co_await client.call(wire::QueryClosure{.paths = wanted})), wanted);
    EXPECT_EQ((co_await client.call(
                  wire::BuildPaths{.targets = {request.drv_path.str()}, .options = {}})),
              wire::BuildPathsReply());
  });
  EXPECT_FALSE(served.error);
  EXPECT_EQ(served.store.paths.at(store_path("input")).nar, stored("input").nar);
}

using AnyClient = VersionsFrom<0>;
INSTANTIATE_TEST_SUITE_P(Minors, AnyClient, ::testing::Range(0, 9));

/// Clients of every age meet our newest server.
TEST_P(AnyClient, IsAnsweredAsItUnderstands) {
  version = ServeVersion(static_cast<std::uint8_t>(GetParam()));
  served.store.hold(stored("a"));
  tell([](ServedConversation& t, RawClient& client) -> aio::Task<void> {
    const auto& a = t.served.store.paths.at(store_path("a")).info;
    EXPECT_EQ(co_await client.tell(t.bytes_of(wire::QueryPathInfos{.paths = {a.path}})),
              t.answer_of<wire::QueryPathInfos>({a}));
    EXPECT_EQ(co_await client.tell(t.bytes_of(wire::BuildPaths{.targets = {}, .options = {}})),
              t.answer_of<wire::BuildPaths>({}));
    if (!wire::can_ask<wire::BuildDerivation>(t.version)) co_return;
    nix::BuildResult result;
    result.status = nix::BuildStatus::built;
    const auto bytes = co_await client.tell(t.bytes_of(build_of("app")));
    EXPECT_TRUE(bytes.starts_with(std::string(16, '\0'))) << "status and message";
    EXPECT_EQ(co_await client.tell(t.bytes_of(wire::QueryValidPaths{.paths = {a.path}})),
              t.answer_of<wire::QueryValidPaths>({a.path}));
  });
  EXPECT_FALSE(served.error);
}

using Greetings = ServedConversation;

TEST_F(Greetings, AnswersAsSoonAsItHasSeenTheMagicNumber) {
  loop.run([](ServedConversation& t) -> aio::Task<void> {
    RawClient client(t.served);
    const auto hello = wire::client_hello();
    EXPECT_EQ(co_await client.tell(hello.substr(0, 7)), "");
    EXPECT_EQ(co_await client.tell(hello.substr(7, 1)), wire::server_hello());
    co_await client.leave();
    EXPECT_TRUE(t.served.error && t.served.error->kind() == Kind::unavailable);
  }(*this));
}

TEST_F(Greetings, SaysNothingToOtherProtocols) {
  loop.run([](ServedConversation& t) -> aio::Task<void> {
    RawClient client(t.served);
    EXPECT_EQ(co_await client.tell("GET / HTTP/1.1\r\n\r\n"), "");
    EXPECT_EQ(client.printed(), "error: protocol mismatch\n");
    EXPECT_FALSE(client.is_served());
  }(*this));
}

TEST_F(Greetings, AClientThatLeavesAtOnceIsMissed) {
  loop.run([](ServedConversation& t) -> aio::Task<void> {
    RawClient client(t.served);
    EXPECT_EQ(co_await client.leave(), "");
    EXPECT_TRUE(t.served.error && t.served.error->kind() == Kind::unavailable);
  }(*this));
}

using Commands = ServedConversation;

TEST_F(Commands, LeavingBetweenThemIsTheEnd) {
  tell([](ServedConversation&, RawClient& client) -> aio::Task<void> {
    // Nix takes even a torn number for the end.
    EXPECT_EQ(co_await client.tell(std::string(3, '\1')), "");
  });
  EXPECT_FALSE(served.error);
}

TEST_F(Commands, LeavingWithinOneIsAnError) {
  tell([](ServedConversation& t, RawClient& client) -> aio::Task<void> {
    const auto request = t.bytes_of(wire::DumpStorePath{.path = store_path("a")});
    EXPECT_EQ(co_await client.tell(request.substr(0, request.size() - 1)), "");
  });
  EXPECT_TRUE(served.error && served.error->kind() == Kind::unavailable);
}

TEST_F(Commands, UnknownOnesEndTheConversation) {
  tell([](ServedConversation&, RawClient& client) -> aio::Task<void> {
    EXPECT_EQ(co_await client.tell(std::string("\x63\0\0\0\0\0\0\0", 8)), "");
    EXPECT_FALSE(client.is_served());
    EXPECT_THAT(client.printed(), HasSubstr("99"));
  });
}

TEST_F(Commands, LockAndSubstituteAreObeyed) {
  served.store.substitutes.emplace(store_path("a"), stored("a"));
  tell([](ServedConversation& t, ServeConnection& client) -> aio::Task<void> {
    const nix::StorePathSet a{store_path("a")};
    EXPECT_TRUE((co_await client.call(wire::QueryValidPaths{.paths = a})).empty());
    EXPECT_TRUE(t.served.store.locked.empty());
    EXPECT_TRUE((co_await client.call(wire::QueryValidPaths{.lock = true, .paths = a})).empty());
    EXPECT_EQ(t.served.store.locked, a);
    EXPECT_EQ(co_await client.call(wire::QueryValidPaths{.substitute = true, .paths = a}), a);
  });
}

TEST_F(Commands, ClosuresIncludeOutputsWhereAsked) {
  served.store.hold(stored(drv_path("app").path(), "", {store_path("source")}));
  served.store.hold(stored("source"));
  served.store.hold(stored("app"));
  served.store.paths.at(store_path("app")).info.deriver = drv_path("app").path();
  tell([](ServedConversation&, ServeConnection& client) -> aio::Task<void> {
    wire::QueryClosure request{.include_outputs = false, .paths = {drv_path("app").path()}};
    EXPECT_EQ((co_await client.call(request)).size(), 2U);
    request.include_outputs = true;
    EXPECT_EQ((co_await client.call(request)).size(), 3U);
  });
}

TEST_F(Commands, DumpingWhatIsNotValidSaysNothing) {
  tell([](ServedConversation& t, RawClient& client) -> aio::Task<void> {
    const auto request = t.bytes_of(wire::DumpStorePath{.path = store_path("a")});
    EXPECT_EQ(co_await client.tell(request), "");
    EXPECT_EQ(client.printed(), "error: path '" + store_path("a").str() + "' is not valid\n");
  });
}

TEST_F(Commands, SilenceWithinARequestHasALimit) {
  loop.run(testing::while_time_passes(loop, 10min, [](ServedConversation& t) -> aio::Task<void> {
    RawClient client(t.served);
    co_await client.tell(wire::client_hello());
    co_await aio::sleep_for(t.loop, 24h);
    EXPECT_TRUE(client.is_served()) << "an idle client may idle";
    co_await client.tell(t.bytes_of(wire::QueryValidPaths{}).substr(0, 20));
    co_await aio::sleep_for(t.loop, 1h);
    EXPECT_TRUE(t.served.error && t.served.error->kind() == Kind::timeout);
  }(*this)));
}

class ReadOnly : public ServedConversation {
 public:
  ReadOnly() { served.options.access = Access::read; }

  /// The server's last words when it is asked for `Request`.
  template <class Request>
  void expect_refused(std::string_view words) {
    loop.run([](ReadOnly& t, std::string expected) -> aio::Task<void> {
      RawClient client(t.served);
      co_await client.tell(wire::client_hello());
      std::string number;
      wire::Encoder(number).u8(static_cast<std::uint8_t>(Request::kCommand));
      EXPECT_EQ(co_await client.tell(number), "") << "before a field of it was read";
      EXPECT_FALSE(client.is_served());
      EXPECT_EQ(client.printed(), "error: " + expected + "\n");
    }(*this, std::string(words)));
  }
};

TEST_F(ReadOnly, RefusesWhatWrites) {
  expect_refused<wire::ImportPaths>("importing paths is not allowed");
  expect_refused<wire::AddToStoreNar>("importing paths is not allowed");
  expect_refused<wire::BuildPaths>("building paths is not allowed");
  expect_refused<wire::BuildDerivation>("building paths is not allowed");
}

TEST_F(ReadOnly, IgnoresLockAndSubstitute) {
  served.store.hold(stored("a"));
  served.store.substitutes.emplace(store_path("b"), stored("b"));
  tell([](ServedConversation& t, ServeConnection& client) -> aio::Task<void> {
    EXPECT_EQ(co_await client.call(wire::QueryValidPaths{
                  .lock = true, .substitute = true, .paths = {store_path("a"), store_path("b")}}),
              nix::StorePathSet{store_path("a")});
    EXPECT_TRUE(t.served.store.locked.empty());
  });
}

TEST_F(ReadOnly, AnswersQuestions) {
  served.store.hold(stored("a"));
  tell([](ServedConversation&, ServeConnection& client) -> aio::Task<void> {
    const nix::StorePathSet a{store_path("a")};
    EXPECT_EQ((co_await client.call(wire::QueryPathInfos{.paths = a})).size(), 1U);
    EXPECT_EQ(co_await client.call(wire::QueryClosure{.paths = a}), a);
    std::string nar;
    const auto dump = client.dump(store_path("a"));
    co_await testing::read_into(*dump, nar);
    EXPECT_EQ(nar, stored("a").nar);
  });
}

}  // namespace
}  // namespace firn::store
