// SPDX-License-Identifier: Apache-2.0
// What only PostgreSQL does: notifications between sessions, sessions that die, and deadlocks.
#include "db/channels.h"
#include "db/leadership.h"
#include "integration/postgres_database.h"
#include "support/database.h"

#include <future>
#include <poll.h>
#include <thread>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PostgresTest : public DatabaseTest {
 protected:
  /// Ends the session of `victim`, as an administrator or a crash would.
  void terminate(db::Connection& victim) {
    const auto pid =
        victim.execute("select pg_backend_pid() as pid").only().get<std::int64_t>("pid");
    connection().execute("select pg_terminate_backend(cast($1 as integer), 5000)", pid);
  }

  static Kind kind_of_failure(db::Connection& of) {
    try {
      of.execute("select 1");
    } catch (const Error& error) {
      return error.kind();
    }
    return Kind::internal;
  }
};

bool is_readable(int fd, std::chrono::milliseconds limit) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(limit.count())) == 1;
}

TEST_F(PostgresTest, AnothersNotificationWakesTheDescriptor) {
  const auto listener = another_connection();
  listener->listen("builds_added");
  in_transaction(
      [](db::Transaction& transaction) { notify(transaction, db::Channel::builds_added, "12"); });
  ASSERT_TRUE(is_readable(listener->notification_fd(), std::chrono::seconds(10)));
  EXPECT_THAT(listener->take_notifications(), ElementsAre(db::Notification{"builds_added", "12"}));
}

TEST_F(PostgresTest, ALostSessionIsUnavailableUntilOpenedAgainAndListensStill) {
  const auto other = another_connection();
  other->listen("builds_bumped");
  terminate(*other);
  EXPECT_TRUE(is_readable(other->notification_fd(), std::chrono::seconds(10)));
  EXPECT_EQ(kind_of_failure(*other), Kind::unavailable);
  EXPECT_FALSE(other->is_open());
  EXPECT_EQ(kind_of_failure(*other), Kind::unavailable);
  other->reopen();
  in_transaction(
      [](db::Transaction& transaction) { notify(transaction, db::Channel::builds_bumped); });
  ASSERT_TRUE(is_readable(other->notification_fd(), std::chrono::seconds(10)));
  EXPECT_THAT(other->take_notifications(), ElementsAre(db::Notification{"builds_bumped", ""}));
}

TEST_F(PostgresTest, ATransactionWhoseSessionDiesIsUnavailableAndLeavesNothing) {
  const auto other = another_connection();
  try {
    db::transact(*other, [&](db::Transaction& transaction) {
      transaction.execute("insert into FailedPaths (path) values ('x')");
      terminate(*other);
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("database 'test_"));
  }
  EXPECT_TRUE(connection().execute("select path from FailedPaths").empty());
}

TEST_F(PostgresTest, TheLeadEndsWithItsSession) {
  const auto other = another_connection();
  auto lead = db::Leadership::try_acquire(*other, address());
  ASSERT_TRUE(lead);
  EXPECT_FALSE(db::Leadership::try_acquire(connection(), address()));
  terminate(*other);
  EXPECT_FALSE(lead->is_held());
  const auto next = db::Leadership::try_acquire(connection(), address());
  ASSERT_TRUE(next);
  EXPECT_GT(next->generation(), lead->generation());
  other->reopen();
  EXPECT_FALSE(lead->is_held());
}

TEST_F(PostgresTest, ACrashOfTheServerLosesNothingCommittedAndNothingElseStays) {
  const auto insert = [&](const char* path) {
    return [path](db::Transaction& transaction) {
      transaction.post("insert into FailedPaths (path) values ($1)", path);
    };
  };
  in_transaction(insert("before"));
  try {
    in_transaction([&](db::Transaction& transaction) {
      insert("lost")(transaction);
      transaction.flush();
      cluster().kill();
    });
    ADD_FAILURE() << "committed on a server that is dead";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::unavailable);
  }
  try {
    connection().reopen();
    ADD_FAILURE() << "connected to a server that is dead";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("cannot connect to PostgreSQL database 'test_"));
  }
  cluster().start();
  connection().reopen();
  in_transaction(insert("after"));
  const auto rows = connection().execute("select path from FailedPaths order by path");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].get<std::string>("path"), "after");
  EXPECT_EQ(rows[1].get<std::string>("path"), "before");
}

TEST_F(PostgresTest, ADeadlockIsRunAgain) {
  connection().run_script(
      "create table pairs (id integer primary key, n integer not null); "
      "insert into pairs values (1, 0), (2, 0); "
      "alter role postgres set deadlock_timeout = '50ms'");
  const auto add_to_both = [&](int first, int second) {
    const auto own = another_connection();
    for (int i = 0; i < 20; ++i)
      db::transact(*own, [&](db::Transaction& transaction) {
        transaction.execute("update pairs set n = n + 1 where id = $1", first);
        std::this_thread::yield();
        transaction.execute("update pairs set n = n + 1 where id = $1", second);
      });
  };
  auto there = std::async(std::launch::async, add_to_both, 1, 2);
  auto back = std::async(std::launch::async, add_to_both, 2, 1);
  there.get();
  back.get();
  const auto rows = connection().execute("select min(n) as least, max(n) as most from pairs");
  EXPECT_EQ(rows.only().get<int>("least"), 40);
  EXPECT_EQ(rows.only().get<int>("most"), 40);
}

TEST_F(PostgresTest, AnIgnoredFailureDoesNotPassForACommit) {
  EXPECT_THROW(in_transaction([](db::Transaction& transaction) {
                 try {
                   transaction.execute("select nonsense");
                 } catch (const Error& error) {
                   EXPECT_EQ(error.kind(), Kind::internal);
                 }
               }),
               Bug);
}

}  // namespace
}  // namespace firn::testing
