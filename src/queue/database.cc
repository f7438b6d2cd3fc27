// SPDX-License-Identifier: Apache-2.0
#include "queue/database.h"

#include "base/error.h"
#include "db/channels.h"
#include "db/schema.h"
#include "db/steps.h"
#include "db/system_status.h"
#include "queue/clock.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <poll.h>
#include <thread>

namespace firn::queue {

namespace {

constexpr auto kWait = std::chrono::milliseconds(1000);

/// Counts the commits of other connections.
std::int64_t data_version(db::Connection& connection) {
  return connection.execute("pragma data_version").only().get<std::int64_t>("data_version");
}

}  // namespace

db::Connection& Reader::Session::connection() {
  if (!opened) opened = db::connect(*address);
  if (!opened->is_open()) opened->reopen();
  return *opened;
}

aio::Task<bool> Lead::try_to_take() {
  const auto taken = co_await thread_.run([session = session_] { return session->take(); });
  if (taken) generation_ = *taken;
  co_return taken.has_value();
}

std::optional<db::Generation> Lead::Session::take() {
  if (leadership && leadership->is_held()) return led;
  leadership.reset();
  if (!connection) {
    auto opened = db::connect(*address);
    db::require_schema(*opened);
    for (const auto channel : db::kRunnerChannels)
      opened->listen(db::to_string(channel));
    connection = std::move(opened);
  } else if (!connection->is_open()) {
    connection->reopen();
  }
  auto lead = db::Leadership::try_acquire(*connection, *address, led);
  if (!lead) return std::nullopt;
  if (!led) {
    db::transact(*connection, [&](db::Transaction& transaction) {
      db::check_generation(transaction, lead->generation());
      db::clear_busy(transaction, wall_now());
    });
    if (connection->engine() == db::Engine::sqlite) seen_version = data_version(*connection);
  }
  led = lead->generation();
  leadership.emplace(std::move(*lead));
  return led;
}

aio::Task<void> Lead::forget_status() {
  return thread_.run([session = session_] {
    db::transact(*session->connection, [&](db::Transaction& transaction) {
      db::check_generation(transaction, *session->led);
      db::delete_system_status(transaction, "queue-runner");
    });
  });
}

aio::Task<std::vector<db::Notification>> Lead::listen() {
  return thread_.run([session = session_] { return session->wait(); });
}

std::vector<db::Notification> Lead::Session::wait() {
  const int fd = connection->notification_fd();
  if (fd < 0) {
    std::this_thread::sleep_for(kWait);
    const auto version = data_version(*connection);
    if (std::exchange(seen_version, version) == version) return {};
    return {{.channel = "builds_added", .payload = {}},
            {.channel = "builds_cancelled", .payload = {}}};
  }
  if (auto notes = connection->take_notifications(); !notes.empty()) return notes;
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&wanted, 1, static_cast<int>(kWait.count())) < 0 && errno != EINTR)
    throw system_error(errno, "waiting for the database");
  auto notes = connection->take_notifications();
  if (!leadership || !leadership->is_held())
    throw Error(Kind::unavailable, "the connection that holds the lead was lost");
  return notes;
}

}  // namespace firn::queue
