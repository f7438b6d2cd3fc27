// SPDX-License-Identifier: Apache-2.0
#include "cli/runner_status.h"

#include "base/error.h"
#include "db/channels.h"
#include "db/connection.h"
#include "db/schema.h"
#include "db/system_status.h"
#include "db/transaction.h"
#include "queue/status_desk.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <poll.h>

namespace firn::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 5s;

std::optional<std::string> row(db::Connection& connection) {
  return db::transact(
      connection,
      [](db::Transaction& transaction) {
        return db::find_system_status(transaction, queue::kStatusRow);
      },
      db::Access::read);
}

/// Whether it has written its status in time.
bool has_answered(db::Connection& connection) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (connection.take_notifications().empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left <= 0ms) return false;
    pollfd wanted{.fd = connection.notification_fd(), .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(left.count())) < 0 && errno != EINTR)
      throw system_error(errno, "waiting for the database");
  }
  return true;
}

}  // namespace

std::string runner_status(const db::Address& address) {
  const auto connection = db::connect(address);
  db::require_schema(*connection);
  auto status = row(*connection);
  if (!status) return R"({"status":"down"})";
  if (connection->engine() == db::Engine::sqlite) return *status;
  connection->listen(db::to_string(db::Channel::status_dumped));
  db::transact(*connection, [](db::Transaction& transaction) {
    db::notify(transaction, db::Channel::dump_status);
  });
  if (!has_answered(*connection))
    throw Error(Kind::timeout,
                "the runner has not answered within 5 s; its last status stands in "
                "the database's table SystemStatus");
  return row(*connection).value_or(R"({"status":"down"})");
}

}  // namespace firn::cli
