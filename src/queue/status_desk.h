// SPDX-License-Identifier: Apache-2.0
// Leaves the runner's status in the database for whoever asks for it there (QR-180): Hydra's pages,
// hydra-send-stats, `firn queue-runner --status`. With a connection of its own, so that an answer
// waits for nothing else that the runner does.
#pragma once

#include "aio/loop.h"
#include "aio/pool.h"
#include "aio/task.h"
#include "db/address.h"
#include "db/connection.h"
#include "db/leadership.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace firn::queue {

/// The row of SystemStatus that is the runner's.
inline constexpr std::string_view kStatusRow = "queue-runner";

class StatusDesk {
 public:
  /// The status, as JSON; called on the loop.
  using Status = std::function<std::string()>;

  StatusDesk(aio::Loop& loop, std::shared_ptr<const db::Address> address, db::Generation generation)
      : loop_(loop),
        session_(std::make_shared<Session>(std::move(address), generation)),
        thread_(loop, 1) {}

  /// Writes the status at once, and again for each "dump_status" on PostgreSQL, with
  /// "status_dumped" after it. Until cancelled, or somebody else leads. While the database is away
  /// it waits.
  aio::Task<void> serve(Status status);

 private:
  /// The thread's: it may outlive us, where the database hangs.
  struct Session {
    Session(std::shared_ptr<const db::Address> where, db::Generation leads_as)
        : address(std::move(where)), generation(leads_as) {}

    db::Connection& connection();
    void write(const std::string& json);
    /// Whether somebody asks; waits for about a second.
    bool wait();

    std::shared_ptr<const db::Address> address;
    db::Generation generation;
    std::unique_ptr<db::Connection> opened;
  };

  aio::Task<void> answer(const Status& status);

  aio::Loop& loop_;
  std::shared_ptr<Session> session_;
  aio::Pool thread_;
};

}  // namespace firn::queue
