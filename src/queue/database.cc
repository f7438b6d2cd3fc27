// SPDX-License-Identifier: Apache-2.0
#include "queue/database.h"

#include "base/error.h"
#include "db/channels.h"
#include "db/schema.h"
#include "db/steps.h"
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

db::Connection& Reader::connection() {
  if (!connection_) connection_ = db::connect(address_);
  if (!connection_->is_open()) connection_->reopen();
  return *connection_;
}

aio::Task<bool> Lead::try_to_take() {
  return thread_.run([this] { return take(); });
}

bool Lead::take() {
  leadership_.reset();
  if (!connection_) {
    connection_ = db::connect(address_);
    db::require_schema(*connection_);
    for (const auto channel : db::kRunnerChannels)
      connection_->listen(db::to_string(channel));
  } else if (!connection_->is_open()) {
    connection_->reopen();
  }
  auto lead = db::Leadership::try_acquire(*connection_, address_);
  if (!lead) return false;
  const auto before = std::exchange(generation_, lead->generation());
  leadership_.emplace(std::move(*lead));
  if (has_led_) {
    if (generation_.value() != before.value() + 1) throw db::LostLead();
    return true;
  }
  has_led_ = true;
  db::transact(*connection_, [this](db::Transaction& transaction) {
    db::check_generation(transaction, generation_);
    db::clear_busy(transaction, wall_now());
  });
  if (connection_->engine() == db::Engine::sqlite) seen_version_ = data_version(*connection_);
  return true;
}

aio::Task<std::vector<db::Notification>> Lead::listen() {
  return thread_.run([this] { return wait(); });
}

std::vector<db::Notification> Lead::wait() {
  const int fd = connection_->notification_fd();
  if (fd < 0) {
    std::this_thread::sleep_for(kWait);
    const auto version = data_version(*connection_);
    if (std::exchange(seen_version_, version) == version) return {};
    return {{.channel = "builds_added", .payload = {}},
            {.channel = "builds_cancelled", .payload = {}}};
  }
  if (auto notes = connection_->take_notifications(); !notes.empty()) return notes;
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&wanted, 1, static_cast<int>(kWait.count())) < 0 && errno != EINTR)
    throw system_error(errno, "waiting for the database");
  auto notes = connection_->take_notifications();
  if (!leadership_ || !leadership_->is_held())
    throw Error(Kind::unavailable, "the connection that holds the lead was lost");
  return notes;
}

}  // namespace firn::queue
