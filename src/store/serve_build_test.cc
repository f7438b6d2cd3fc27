// SPDX-License-Identifier: Apache-2.0
// Builds that clients ask our server for.
#include "aio/wait_queue.h"
#include "store/serve_server.h"
#include "support/served_conversation.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::store {
namespace {

using testing::build_of;
using testing::FakeStore;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::ServedConversation;
using testing::store_path;

class Builds : public ServedConversation {
 public:
  /// Builds wait for `go`.
  void hold_builds() {
    served.store.build_derivation =
        [this](FakeStore& store, wire::BuildDerivation request, LogSink log) {
          return build_when_told(&store, std::move(request), std::move(log));
        };
  }

  bool go = false;
  aio::WaitQueue changed;
  int begun = 0;
  int cancelled = 0;

 private:
  aio::Task<nix::BuildResult> build_when_told(FakeStore* store,
                                              wire::BuildDerivation request,
                                              LogSink log) {
    ++begun;
    try {
      while (!go)
        co_await changed.wait();
    } catch (const Error& e) {
      cancelled += e.kind() == Kind::cancelled ? 1 : 0;
      throw;
    }
    co_return co_await FakeStore::build_everything(*store, std::move(request), std::move(log));
  }
};

TEST_F(Builds, FailuresAreAnswers) {
  served.store.build_derivation =
      [](FakeStore&, wire::BuildDerivation, LogSink log) -> aio::Task<nix::BuildResult> {
    log("about to fail\n");
    nix::BuildResult result;
    result.status = nix::BuildStatus::permanent_failure;
    result.error_message = "builder failed";
    co_return result;
  };
  served.store.build_paths =
      [](FakeStore&, wire::BuildPaths request, LogSink) -> aio::Task<wire::BuildPathsReply> {
    EXPECT_EQ(request.targets, std::vector<std::string>{"x!out"});
    co_return wire::BuildPathsReply{.exit_status = 100, .message = "builder failed"};
  };
  tell([](ServedConversation& t, store::ServeConnection& client) -> aio::Task<void> {
    EXPECT_EQ((co_await client.call(build_of("a"))).status, nix::BuildStatus::permanent_failure);
    const auto reply = co_await client.call(wire::BuildPaths{.targets = {"x!out"}, .options = {}});
    EXPECT_EQ(reply.exit_status, 100U);
    EXPECT_EQ(reply.message, "builder failed");
    EXPECT_TRUE((co_await client.call(wire::QueryValidPaths{})).empty());
    EXPECT_EQ(t.served.store.asked["build"], 1);
  });
  EXPECT_FALSE(served.error);
}

TEST_F(Builds, TheLogComesAsItIs) {
  tell([](ServedConversation& t, RawClient& client) -> aio::Task<void> {
    co_await client.tell(t.bytes_of(build_of("a")));
    EXPECT_EQ(client.printed(), "building\n");
  });
}

TEST_F(Builds, AClientThatLeavesEndsThem) {
  hold_builds();
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Builds&>(c);
    EXPECT_EQ(co_await client.tell(t.bytes_of(build_of("a"))), "");
    EXPECT_EQ(t.begun, 1);
    EXPECT_EQ(co_await client.leave(), "");
    EXPECT_EQ(t.cancelled, 1);
    EXPECT_FALSE(client.is_served());
    EXPECT_THAT(client.printed(), HasSubstr("error: interrupted"));
  });
}

TEST_F(Builds, LeavingIsSeenBehindRequestsThatCameEarly) {
  hold_builds();
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Builds&>(c);
    co_await client.tell(t.bytes_of(build_of("a")) + t.bytes_of(build_of("b")));
    EXPECT_EQ(co_await client.leave(), "");
    EXPECT_EQ(t.cancelled, 1);
    EXPECT_EQ(t.begun, 1);
  });
}

TEST_F(Builds, RequestsMayComeEarly) {
  hold_builds();
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Builds&>(c);
    const std::string valid = t.bytes_of(wire::QueryValidPaths{
        .lock = false, .substitute = false, .paths = {store_path("a"), store_path("b")}});
    co_await client.tell(t.bytes_of(build_of("a")) + t.bytes_of(build_of("b")) + valid);
    t.go = true;
    t.changed.notify_all();
    const auto answers = co_await client.tell("");
    EXPECT_TRUE(
        answers.ends_with(t.answer_of<wire::QueryValidPaths>({store_path("a"), store_path("b")})));
    EXPECT_EQ(t.begun, 2);
  });
  EXPECT_FALSE(served.error);
}

TEST_F(Builds, AFloodOfEarlyRequestsIsNotHeldInMemory) {
  hold_builds();
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Builds&>(c);
    const std::string flood(std::size_t{4} << 20U, '\1');
    co_await client.tell(t.bytes_of(build_of("a")) + flood);
    EXPECT_GT(client.unread(), flood.size() / 2);
    co_await client.leave();
    EXPECT_EQ(t.cancelled, 0) << "is no longer watched";
    t.go = true;
    t.changed.notify_all();
    co_await client.tell("");
    EXPECT_FALSE(client.is_served());
  });
}

TEST_F(Builds, RepetitionsAreRefused) {
  tell([](ServedConversation& t, RawClient& client) -> aio::Task<void> {
    auto request = build_of("a");
    request.options.repeats = 1;
    EXPECT_EQ(co_await client.tell(t.bytes_of(request)), "");
    EXPECT_FALSE(client.is_served());
    EXPECT_THAT(client.printed(), HasSubstr("repeating builds"));
  });
}

}  // namespace
}  // namespace firn::store
