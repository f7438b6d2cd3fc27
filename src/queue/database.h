// SPDX-License-Identifier: Apache-2.0
// The database as coroutines see it: each connection belongs to a thread, since its calls block.
#pragma once

#include "aio/loop.h"
#include "aio/pool.h"
#include "aio/task.h"
#include "db/address.h"
#include "db/connection.h"
#include "db/leadership.h"
#include "db/transaction.h"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace firn::queue {

/// For questions. Connects when it is first asked, and again when the connection was lost.
class Reader {
 public:
  Reader(aio::Loop& loop, std::shared_ptr<const db::Address> address)
      : session_(std::make_shared<Session>(std::move(address))), thread_(loop, 1) {}

  /// What `work(db::Transaction&)` returns, from one unchanging picture of the database. `work`
  /// owns what it uses.
  template <class Work>
  aio::Task<std::invoke_result_t<Work&, db::Transaction&>> read(Work work) {
    return thread_.run([session = session_, work = std::move(work)]() mutable {
      return db::transact(session->connection(), work, db::Access::read);
    });
  }

 private:
  /// The thread's: it may outlive us, where the database hangs.
  struct Session {
    explicit Session(std::shared_ptr<const db::Address> where) : address(std::move(where)) {}

    db::Connection& connection();

    std::shared_ptr<const db::Address> address;
    std::unique_ptr<db::Connection> opened;
  };

  std::shared_ptr<Session> session_;
  aio::Pool thread_;
};

/// The lead over the database, and what others say there.
class Lead {
 public:
  Lead(aio::Loop& loop, std::shared_ptr<const db::Address> address)
      : session_(std::make_shared<Session>(std::move(address))), thread_(loop, 1) {}

  /// One try: true where we lead from now on. The first time, rows that an earlier runner left
  /// running are closed (QR-011), and the runner's channels are listened to. Taken again after a
  /// lost connection, it throws LostLead where somebody else has led meanwhile. Throws Error where
  /// the database cannot be reached or is no Hydra's.
  aio::Task<bool> try_to_take();

  /// Removes the row in SystemStatus that a runner has left. While we lead.
  aio::Task<void> forget_status();

  /// From the first take on.
  db::Generation generation() const { return generation_; }

  /// What was said since the last call, once something was, or after about a second. On SQLite,
  /// where nobody is heard, a change by anybody counts as "builds_added" and "builds_cancelled".
  /// Throws Error{unavailable} where the connection, and the lead with it, is lost.
  aio::Task<std::vector<db::Notification>> listen();

 private:
  /// The thread's: it may outlive us, where the database hangs.
  struct Session {
    explicit Session(std::shared_ptr<const db::Address> where) : address(std::move(where)) {}

    /// The generation, where we lead.
    std::optional<db::Generation> take();
    std::vector<db::Notification> wait();

    std::shared_ptr<const db::Address> address;
    std::unique_ptr<db::Connection> connection;
    std::optional<db::Leadership> leadership;
    std::optional<db::Generation> led;
    std::int64_t seen_version = 0;
  };

  std::shared_ptr<Session> session_;
  db::Generation generation_;
  aio::Pool thread_;
};

}  // namespace firn::queue
