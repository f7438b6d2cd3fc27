// SPDX-License-Identifier: Apache-2.0
#include "store/worker_connection.h"

#include "aio/phase.h"
#include "support/run.h"
#include "support/scripted_daemon.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
namespace worker = wire::worker;
using testing::error_of;
using testing::ScriptedDaemon;
using testing::store_path;
using testing::stored;
using testing::TextNar;
using testing::version_of;
using worker::Operation;

constexpr int kMinors[] = {21, 22, 23, 25, 26, 27, 28, 29, 30, 32, 33, 34, 35, 37, 38};

/// What a greeting may agree on.
std::vector<wire::worker::Protocol> protocols() {
  std::vector<wire::worker::Protocol> all;
  for (const int minor : kMinors)
    all.push_back({.version = version_of(minor), .features = {}});
  all.push_back({.version = wire::kNewestWorker, .features = worker::kOurFeatures});
  return all;
}

class WorkerConnectionTest : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(WorkerConnectionTest&, WorkerConnection&);

  /// On a connection that has been greeted.
  void tell(Story story) { loop.run(tell_all(story)); }

  /// The same, while time passes.
  void tell_slowly(Story story) {
    loop.run(testing::while_time_passes(loop, 100ms, tell_all(story)));
  }

  void expect_no_greeting(Kind kind, const std::string& words) {
    try {
      loop.run(greet());
      ADD_FAILURE() << "no error";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), kind);
      EXPECT_NE(e.message().find(words), std::string::npos) << e.message();
    }
  }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedDaemon daemon{loop};

 private:
  aio::Task<void> tell_all(Story story) {
    WorkerConnection connection(loop, daemon.open(), "the daemon");
    co_await connection.greet();
    co_await story(*this, connection);
    co_await connection.close();
  }

  aio::Task<void> greet() {
    WorkerConnection connection(loop, daemon.open(), "the daemon");
    const auto error = co_await error_of(connection.greet());
    EXPECT_FALSE(connection.is_usable());
    co_await connection.close();
    if (error) throw Error(*error);
  }
};

TEST_F(WorkerConnectionTest, GreetsEveryVersion) {
  for (const auto& protocol : protocols()) {
    daemon.protocol = protocol;
    tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
      const auto& theirs = t.daemon.protocol;
      EXPECT_EQ(c.protocol(), theirs) << theirs.str();
      EXPECT_EQ(c.daemon().nix_version.has_value(), theirs.version >= version_of(33));
      EXPECT_EQ(c.daemon().trust,
                theirs.version >= version_of(35) ? worker::Trust::trusted : worker::Trust::unknown);
      EXPECT_TRUE(c.is_usable());
      co_return;
    });
  }
}

TEST_F(WorkerConnectionTest, GoesByTheLowerVersion) {
  daemon.protocol = {.version = version_of(39), .features = worker::kOurFeatures};
  tell([](WorkerConnectionTest&, WorkerConnection& c) -> aio::Task<void> {
    EXPECT_EQ(c.protocol().version, wire::kNewestWorker);
    co_return;
  });
}

TEST_F(WorkerConnectionTest, RefusesWhatIsNoDaemon) {
  daemon.greeting = "SSH-2.0-OpenSSH_9.2p1\r\n";
  expect_no_greeting(Kind::protocol, "SSH-2.0-");
  daemon.greeting = "oixd";
  expect_no_greeting(Kind::unavailable, "the daemon ended the conversation");
  using namespace std::string_literals;
  daemon.greeting = "oixd\0\0\0\0"s + "\x14\x01\0\0\0\0\0\0"s;
  expect_no_greeting(Kind::protocol, "1.20");
}

aio::Task<void> ask_many(WorkerConnectionTest& t, WorkerConnection& connection) {
  std::vector<worker::QueryPathInfo> requests;
  for (int i = 0; i < 200; ++i) {
    if (i % 3 != 0) t.daemon.hold(stored(std::to_string(i), {store_path("0")}));
    requests.push_back({.path = store_path(std::to_string(i))});
  }
  const auto replies =
      co_await connection.call_each(std::span<const worker::QueryPathInfo>(requests));
  EXPECT_EQ(replies.size(), 200U);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].has_value(), i % 3 != 0);
    if (replies[i]) {
      EXPECT_EQ(worker::with_path(*replies[i], requests[i].path),
                stored(std::to_string(i), {store_path("0")}).info);
    }
  }
  EXPECT_TRUE(connection.is_usable());
}

TEST_F(WorkerConnectionTest, AsksManyThingsAheadOfTheirAnswers) {
  for (const int minor : {21, 38}) {
    daemon.protocol.version = version_of(minor);
    daemon.requests.clear();
    tell(ask_many);
    EXPECT_EQ(daemon.count(Operation::query_path_info), 200U);
  }
}

TEST_F(WorkerConnectionTest, TellsWhatTheDaemonSays) {
  using worker::ActivityResult;
  using worker::ResultType;
  const ScriptedDaemon::Messages messages = {
      worker::LogLine{.text = "building\n"},
      worker::StartActivity{.id = 7,
                            .level = worker::Verbosity::info,
                            .type = worker::ActivityType::build,
                            .text = "building x",
                            .fields = {std::string("x.drv"), std::uint64_t{1}},
                            .parent = 0},
      ActivityResult{
          .id = 7, .type = ResultType::build_log_line, .fields = {std::string("compiling")}},
      worker::StopActivity{.id = 7}};
  daemon.chatter[Operation::add_temp_root] = messages;
  for (const auto& protocol : protocols()) {
    daemon.protocol = protocol;
    tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
      ScriptedDaemon::Messages heard;
      c.listen([&heard](const worker::Message& message) { heard.push_back(message); });
      co_await c.call(worker::AddTempRoot{.path = store_path("a")});
      EXPECT_EQ(heard, t.daemon.chatter[Operation::add_temp_root]);
      c.listen({});
      co_await c.call(worker::AddTempRoot{.path = store_path("b")});
      EXPECT_EQ(heard.size(), 4U);
    });
  }
}

TEST_F(WorkerConnectionTest, ARefusalIsNoEnd) {
  for (const int minor : {21, 25, 26, 38}) {
    daemon.protocol.version = version_of(minor);
    daemon.refusals[Operation::add_indirect_root] = {
        "\x1b[31;1merror:\x1b[0m no such \x1b[35;1mfile\x1b[0m\n"};
    tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
      const auto error = co_await error_of(c.call(worker::AddIndirectRoot{.link = "/x"}));
      EXPECT_TRUE(error && error->kind() == Kind::unavailable);
      EXPECT_EQ(error->message(), "the daemon: no such file");
      EXPECT_TRUE(c.is_usable());
      co_await c.call(worker::AddIndirectRoot{.link = "/y"});
      EXPECT_EQ(t.daemon.links.back(), "/y");
    });
  }
}

TEST_F(WorkerConnectionTest, ADaemonThatCouldNotReadAQuestionAnswersNoOther) {
  daemon.refusals[Operation::add_indirect_root] = {"not an absolute path"};
  daemon.leaves_after_refusals = true;
  tell([](WorkerConnectionTest&, WorkerConnection& c) -> aio::Task<void> {
    const auto error = co_await error_of(c.call(worker::AddIndirectRoot{.link = "x"}));
    EXPECT_EQ(error->message(), "the daemon: not an absolute path");
    EXPECT_FALSE(c.is_usable()) << "it has said so twice";
    EXPECT_TRUE(co_await error_of(c.call(worker::AddIndirectRoot{.link = "/y"})));
  });
}

TEST_F(WorkerConnectionTest, ABatchEndsAtItsFirstRefusal) {
  daemon.refusals[Operation::add_temp_root] = {"database or disk is full"};
  tell([](WorkerConnectionTest&, WorkerConnection& c) -> aio::Task<void> {
    const std::vector<worker::AddTempRoot> requests(5, {.path = store_path("a")});
    const auto error =
        co_await error_of(c.call_each(std::span<const worker::AddTempRoot>(requests)));
    EXPECT_EQ(error->message(), "the daemon: database or disk is full");
    EXPECT_FALSE(c.is_usable());
  });
}

TEST_F(WorkerConnectionTest, WhatIsUnknownIsNotAsked) {
  daemon.protocol.version = version_of(21);
  tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
    const auto error =
        co_await error_of(c.call(worker::QueryDerivationOutputMap{.drv = store_path("a.drv")}));
    EXPECT_TRUE(error && error->kind() == Kind::protocol);
    EXPECT_NE(error->message().find("QueryDerivationOutputMap"), std::string::npos);
    EXPECT_TRUE(t.daemon.requests.empty());
    EXPECT_TRUE(c.is_usable());
  });
}

aio::Task<void> ask_until_cut(WorkerConnectionTest& t, WorkerConnection& c) {
  const auto error = co_await error_of(c.call(
      worker::QueryValidPaths{.paths = {store_path("a"), store_path("b")}, .substitute = false}));
  EXPECT_TRUE(error && error->kind() == Kind::unavailable) << t.daemon.cut->second;
  EXPECT_FALSE(c.is_usable());
}

TEST_F(WorkerConnectionTest, ACutAnswerIsNone) {
  daemon.hold(stored("a"));
  constexpr std::size_t kWhole = 8 + 8 + 8 + 48;
  for (std::size_t size = 0; size < kWhole; ++size) {
    daemon.cut = {Operation::query_valid_paths, size};
    tell(ask_until_cut);
  }
}

constexpr std::size_t kBig = 150'000;

testing::StoredPath big() {
  return stored(store_path("big"), testing::nar_of(std::string(kBig, 'x')), {store_path("lib")});
}

/// A NAR in blocks of different sizes.
aio::Task<void> add(WorkerConnection& connection,
                    const testing::StoredPath& path,
                    std::size_t step) {
  TextNar nar(path.nar, step);
  co_await connection.add_path(path.info, nar);
}

TEST_F(WorkerConnectionTest, AddsAtEveryVersion) {
  for (const auto& protocol : protocols()) {
    daemon.protocol = protocol;
    tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
      for (const std::size_t step : {5'000U, 1'000'000U}) {
        t.daemon.paths.clear();
        co_await add(c, big(), step);
        EXPECT_EQ(t.daemon.paths.at(store_path("big")).nar, big().nar);
        EXPECT_EQ(t.daemon.added.back(),
                  (worker::AddToStoreNar{
                      .info = big().info, .repair = false, .dont_check_signatures = true}));
        EXPECT_TRUE(c.is_usable());
      }
      co_await add(c, stored("small"), 64);
      EXPECT_EQ(t.daemon.paths.at(store_path("small")).nar, stored("small").nar);
    });
  }
}

TEST_F(WorkerConnectionTest, ARefusedUploadIsNoEnd) {
  for (const int minor : {21, 22, 23, 25, 26, 38}) {
    for (const std::uint64_t at : {1'000U, 150'000U}) {
      daemon.protocol.version = version_of(minor);
      daemon.upload_fails_at = at;
      tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
        const auto error = co_await error_of(add(c, big(), 5000));
        EXPECT_TRUE(error && error->kind() == Kind::unavailable);
        EXPECT_EQ(error->message(), "the daemon: no space left");
        EXPECT_TRUE(c.is_usable());
        t.daemon.upload_fails_at.reset();
        co_await add(c, big(), 5000);
        EXPECT_EQ(t.daemon.paths.at(store_path("big")).nar, big().nar);
      });
    }
  }
}

TEST_F(WorkerConnectionTest, AnUploadRefusedAtItsEndIsNoEnd) {
  daemon.trusts = false;
  for (const int minor : {21, 38}) {
    daemon.protocol.version = version_of(minor);
    tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
      const auto error = co_await error_of(add(c, stored("a"), 64));
      EXPECT_EQ(error->message(), "the daemon: it lacks a signature by a trusted key");
      EXPECT_TRUE(c.is_usable());
      EXPECT_TRUE(t.daemon.added.empty());
    });
  }
}

/// Yields one block, then as the test says.
class OddNar final : public NarStream {
 public:
  OddNar(std::size_t first, std::function<aio::Task<void>()> then)
      : block_(big().nar.substr(0, first)), then_(std::move(then)) {}

  aio::Task<Bytes> next() override {
    if (!std::exchange(begun_, true)) co_return as_bytes(block_);
    co_await then_();
    co_return Bytes();
  }

 private:
  std::string block_;
  std::function<aio::Task<void>()> then_;
  bool begun_ = false;
};

aio::Task<void> wait_for_ever() {
  aio::WaitQueue queue;
  co_await queue.wait();
}

aio::Task<void> fail() {
  throw Error(Kind::timeout, "the builder stood still");
  co_return;
}

aio::Task<void> end() {
  co_return;
}

TEST_F(WorkerConnectionTest, ARefusedUploadWaitsForNoMore) {
  daemon.upload_fails_at = 1000;
  tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
    OddNar nar(100'000, wait_for_ever);
    const auto error = co_await error_of(c.add_path(big().info, nar));
    EXPECT_EQ(error->message(), "the daemon: no space left");
    EXPECT_TRUE(c.is_usable());
    co_await c.call(worker::AddTempRoot{.path = store_path("a")});
    EXPECT_EQ(t.daemon.uploads_ended, 1U) << "the empty frame was sent";
  });
}

TEST_F(WorkerConnectionTest, ASourceThatFailsEndsTheConnection) {
  struct Case {
    std::function<aio::Task<void>()> then;
    Kind kind;
  };

  static const Case kCases[] = {{fail, Kind::timeout}, {end, Kind::conflict}};
  for (const int minor : {21, 38}) {
    daemon.protocol.version = version_of(minor);
    tell([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
      for (const Case& example : kCases) {
        WorkerConnection another(t.loop, t.daemon.open(), "the daemon");
        co_await another.greet();
        OddNar nar(100'000, example.then);
        const auto error = co_await error_of(another.add_path(big().info, nar));
        EXPECT_TRUE(error && error->kind() == example.kind);
        EXPECT_FALSE(another.is_usable());
        co_await another.close();
      }
      EXPECT_EQ(t.daemon.uploads_ended, 0U);
      EXPECT_TRUE(t.daemon.added.empty());
      EXPECT_TRUE(c.is_usable());
    });
  }
}

TEST_F(WorkerConnectionTest, ADaemonThatDiesInMidUploadIsGone) {
  daemon.upload_kills = true;
  for (const int minor : {21, 38}) {
    for (const std::uint64_t at : {0U, 1'000U, 100'000U}) {
      daemon.protocol.version = version_of(minor);
      daemon.upload_fails_at = at;
      tell([](WorkerConnectionTest&, WorkerConnection& c) -> aio::Task<void> {
        const auto error = co_await error_of(add(c, big(), 5000));
        EXPECT_TRUE(error && error->kind() == Kind::unavailable);
        EXPECT_FALSE(c.is_usable());
      });
    }
  }
}

TEST_F(WorkerConnectionTest, ADaemonThatDiesIsNoticedWhileTheSourceIsSilent) {
  daemon.upload_kills = true;
  daemon.upload_fails_at = 1000;
  tell([](WorkerConnectionTest&, WorkerConnection& c) -> aio::Task<void> {
    OddNar nar(100'000, wait_for_ever);
    const auto error = co_await error_of(c.add_path(big().info, nar));
    EXPECT_TRUE(error && error->kind() == Kind::unavailable);
    EXPECT_FALSE(c.is_usable());
  });
}

/// Everything that waits for a daemon.
aio::Task<void> ask_one(WorkerConnection& c, Operation operation) {
  switch (operation) {
    case Operation::add_to_store_nar: {
      static const auto kPath = big();
      return add(c, kPath, 5000);
    }
    case Operation::query_path_info: {
      static const std::vector<worker::QueryPathInfo> kRequests(3, {.path = store_path("a")});
      return testing::without_value(c.call_each(std::span<const worker::QueryPathInfo>(kRequests)));
    }
    default: {
      static const worker::BuildPaths kNothing;
      return testing::without_value(c.call(kNothing));
    }
  }
}

TEST_F(WorkerConnectionTest, AnythingCanBeCancelledAndIsTheEnd) {
  static Operation operation;
  for (const int minor : {21, 38}) {
    for (const Operation each :
         {Operation::add_to_store_nar, Operation::query_path_info, Operation::build_paths}) {
      operation = each;
      daemon.protocol.version = version_of(minor);
      daemon.hangs_at = each;
      tell_slowly([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
        const auto error = co_await error_of(aio::within(t.loop, "it", 1s, ask_one(c, operation)));
        EXPECT_TRUE(error && error->kind() == Kind::timeout);
        EXPECT_FALSE(c.is_usable());
        const auto next = co_await error_of(ask_one(c, operation));
        EXPECT_TRUE(next && next->kind() == Kind::internal) << "a bug of the caller";
      });
    }
  }
}

TEST_F(WorkerConnectionTest, ASourceCanBeCancelled) {
  tell_slowly([](WorkerConnectionTest& t, WorkerConnection& c) -> aio::Task<void> {
    OddNar nar(100'000, wait_for_ever);
    const auto error =
        co_await error_of(aio::within(t.loop, "adding", 1s, c.add_path(big().info, nar)));
    EXPECT_TRUE(error && error->kind() == Kind::timeout);
    EXPECT_FALSE(c.is_usable());
    EXPECT_EQ(t.daemon.uploads_ended, 0U);
  });
}

aio::Task<void> add_watched(aio::Loop& loop, ScriptedDaemon& daemon, std::string& message) {
  const auto path =
      stored(store_path("huge"), testing::nar_of(std::string(std::size_t{1} << 20U, 'x')));
  WorkerConnection connection(loop, daemon.open(), "the daemon");
  co_await connection.greet();
  const auto error = co_await error_of(
      aio::with_progress(loop, "adding", 60s, connection.progress(), add(connection, path, 5000)));
  if (error) message = error->message();
  co_await connection.close();
}

// The bigger the path, the longer may the daemon be busy with it; but not while it takes no bytes.
TEST_F(WorkerConnectionTest, WaitsForTheAnswerAsLongAsThePathIsBig) {
  daemon.hangs_at = Operation::add_to_store_nar;
  std::string message;
  daemon.capacity = std::size_t{1} << 24U;
  loop.run(testing::while_time_passes(loop, 1s, add_watched(loop, daemon, message)));
  EXPECT_TRUE(message.starts_with("adding stood still for 304 s")) << message;
  daemon.capacity = 65536;
  loop.run(testing::while_time_passes(loop, 1s, add_watched(loop, daemon, message)));
  EXPECT_TRUE(message.starts_with("adding stood still for 60 s")) << message;
}

aio::Task<void> greet_in_time(aio::Loop& loop, ScriptedDaemon& daemon) {
  WorkerConnection connection(loop, daemon.open(), "the daemon");
  const auto error = co_await error_of(aio::within(loop, "greeting", 1s, connection.greet()));
  EXPECT_TRUE(error && error->kind() == Kind::timeout);
  EXPECT_FALSE(connection.is_usable());
  co_await connection.close();
}

TEST_F(WorkerConnectionTest, AGreetingCanBeCancelled) {
  daemon.is_silent = true;
  loop.run(testing::while_time_passes(loop, 100ms, greet_in_time(loop, daemon)));
}

}  // namespace
}  // namespace firn::store
