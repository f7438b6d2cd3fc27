// SPDX-License-Identifier: Apache-2.0
#include "store/session_pool.h"

#include "support/run.h"
#include "support/scripted_server.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
using testing::error_of;
using testing::ScriptedServer;
using testing::settle;
using wire::Command;

class SessionPoolTest : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(SessionPoolTest&, SessionPool&);

  void tell(Story story, SessionLimits limits = {}) { loop.run(tell_all(story, limits)); }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedServer server{loop};

 private:
  aio::Task<void> tell_all(Story story, SessionLimits limits) {
    SessionPool pool(loop, server.connector(), "b1", limits);
    co_await story(*this, pool);
    co_await pool.close();
    EXPECT_TRUE(server.connector_closed);
    EXPECT_EQ(server.alive, 0U);
  }
};

/// Takes a session, asks it something and gives it back.
aio::Task<void> use(SessionPool& pool) {
  auto session = co_await pool.acquire();
  co_await session->lock({});
  session.keep();
}

TEST_F(SessionPoolTest, UsesAKeptSessionAgain) {
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    for (int i = 0; i < 5; ++i)
      co_await use(pool);
    EXPECT_EQ(t.server.opened, 1U);
    EXPECT_EQ(t.server.count(Command::query_valid_paths), 5U);
  });
}

TEST_F(SessionPoolTest, OpensAnotherWhileOneIsTaken) {
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    auto first = co_await pool.acquire();
    auto second = co_await pool.acquire();
    EXPECT_EQ(t.server.opened, 2U);
    first.keep();
    second.keep();
  });
}

TEST_F(SessionPoolTest, TheOneKeptLastIsUsedFirst) {
  tell([](SessionPoolTest&, SessionPool& pool) -> aio::Task<void> {
    auto first = co_await pool.acquire();
    auto second = co_await pool.acquire();
    const auto* expected = &*first;
    second.keep();
    first.keep();
    auto again = co_await pool.acquire();
    EXPECT_EQ(&*again, expected);
    again.keep();
  });
}

TEST_F(SessionPoolTest, DroppedMeansClosed) {
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    {
      const auto session = co_await pool.acquire();
    }
    co_await settle();
    EXPECT_EQ(t.server.alive, 0U);
    co_await use(pool);
    EXPECT_EQ(t.server.opened, 2U);
  });
}

TEST_F(SessionPoolTest, AfterTheEndOfIdleSessionsANewOneIsOpened) {
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    co_await use(pool);
    pool.end_idle();
    co_await use(pool);
    EXPECT_EQ(t.server.opened, 2U);
  });
}

TEST_F(SessionPoolTest, EndsASessionAfterItsUses) {
  tell(
      [](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
        for (int i = 0; i < 7; ++i)
          co_await use(pool);
        EXPECT_EQ(t.server.opened, 3U);
      },
      {.uses = 3});
}

TEST_F(SessionPoolTest, EndsASessionThatHasGrownOld) {
  tell(
      [](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
        for (int i = 0; i < 4; ++i) {
          co_await use(pool);
          t.loop.timers().advance(25s);
        }
        // Opened at 0 s, given back at 75 s: too old. The next use is at 100 s.
        co_await settle();
        EXPECT_EQ(t.server.alive, 0U);
        co_await use(pool);
        EXPECT_EQ(t.server.opened, 2U);
      },
      {.age = 1min, .idle = 30s});
}

TEST_F(SessionPoolTest, EndsASessionThatNobodyUses) {
  tell(
      [](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
        co_await use(pool);
        t.loop.timers().advance(29s);
        co_await settle();
        EXPECT_EQ(t.server.alive, 1U);
        co_await use(pool);
        t.loop.timers().advance(29s);
        co_await settle();
        EXPECT_EQ(t.server.alive, 1U) << "the limit counts from the last use";
        t.loop.timers().advance(1s);
        co_await settle();
        EXPECT_EQ(t.server.alive, 0U);
      },
      {.idle = 30s});
}

TEST_F(SessionPoolTest, ABrokenSessionIsNotKept) {
  server.tamper = testing::cut_off(Command::query_valid_paths, 4);
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    auto session = co_await pool.acquire();
    EXPECT_TRUE(co_await error_of(session->lock({})));
    session.keep();
    t.server.tamper = nullptr;
    co_await use(pool);
    EXPECT_EQ(t.server.opened, 2U);
  });
}

TEST_F(SessionPoolTest, ASessionWithAnAnswerTooManyIsNotKept) {
  server.tamper = testing::say_twice(Command::query_valid_paths);
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    co_await use(pool);
    co_await use(pool);
    EXPECT_EQ(t.server.opened, 2U);
  });
}

TEST_F(SessionPoolTest, RemembersWhatASessionHolds) {
  tell([](SessionPoolTest&, SessionPool& pool) -> aio::Task<void> {
    auto session = co_await pool.acquire();
    session.held().insert(testing::store_path("a"));
    session.mark_built();
    session.keep();
    auto same = co_await pool.acquire();
    EXPECT_TRUE(same.held().contains(testing::store_path("a")));
    EXPECT_TRUE(same.has_built());
    auto other = co_await pool.acquire();
    EXPECT_TRUE(other.held().empty());
    EXPECT_FALSE(other.has_built());
  });
}

TEST_F(SessionPoolTest, LearnsFromARefusal) {
  server.refusals = 2;
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    co_await use(pool);
    EXPECT_EQ(t.server.opened, 3U);
    EXPECT_EQ(t.server.alive, 1U);
  });
}

aio::Task<nix::BuildResult> fail_loudly(ScriptedServer& /*server*/,
                                        testing::ScriptedSession& session,
                                        const wire::BuildDerivation& /*request*/) {
  session.diagnostics.print("before\n");
  nix::BuildResult result;
  result.status = nix::BuildStatus::permanent_failure;
  co_return result;
}

TEST_F(SessionPoolTest, FinishWaitsForTheWholeLog) {
  server.build = fail_loudly;
  tell([](SessionPoolTest& t, SessionPool& pool) -> aio::Task<void> {
    std::string log;
    auto session = co_await pool.acquire();
    session->listen([&log](std::string_view text) { log += text; });
    co_await session->build(
        wire::BuildDerivation{.drv_path = testing::drv_path("a"), .derivation = {}, .options = {}});
    t.server.at_end = "after\n";
    co_await session.finish();
    EXPECT_EQ(log, "before\nafter\n");
    EXPECT_EQ(t.server.alive, 0U);
  });
}

}  // namespace
}  // namespace firn::store
