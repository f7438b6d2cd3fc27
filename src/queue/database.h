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
  /// Borrows the address.
  Reader(aio::Loop& loop, const db::Address& address) : address_(address), thread_(loop, 1) {}

  /// What `work(db::Transaction&)` returns, from one unchanging picture of the database. `work`
  /// owns what it uses.
  template <class Work>
  aio::Task<std::invoke_result_t<Work&, db::Transaction&>> read(Work work) {
    return thread_.run([this, work = std::move(work)]() mutable {
      return db::transact(connection(), work, db::Access::read);
    });
  }

 private:
  db::Connection& connection();

  const db::Address& address_;
  std::unique_ptr<db::Connection> connection_;
  aio::Pool thread_;
};

/// The lead over the database, and what others say there.
class Lead {
 public:
  /// Borrows the address.
  Lead(aio::Loop& loop, const db::Address& address) : address_(address), thread_(loop, 1) {}

  /// One try: true where we lead from now on. The first time, rows that an earlier runner left
  /// running are closed (QR-011), and the runner's channels are listened to. Taken again after a
  /// lost connection, it throws LostLead where somebody else has led meanwhile. Throws Error where
  /// the database cannot be reached or is no Hydra's.
  aio::Task<bool> try_to_take();

  /// Of the last take.
  db::Generation generation() const { return generation_; }

  /// What was said since the last call, once something was, or after about a second. On SQLite,
  /// where nobody is heard, a change by anybody counts as "builds_added" and "builds_cancelled".
  /// Throws Error{unavailable} where the connection, and the lead with it, is lost.
  aio::Task<std::vector<db::Notification>> listen();

 private:
  bool take();
  std::vector<db::Notification> wait();

  const db::Address& address_;
  std::unique_ptr<db::Connection> connection_;
  std::optional<db::Leadership> leadership_;
  db::Generation generation_;
  bool has_led_ = false;
  std::int64_t seen_version_ = 0;
  aio::Pool thread_;
};

}  // namespace firn::queue
