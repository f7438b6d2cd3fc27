// SPDX-License-Identifier: Apache-2.0
#include "queue/status_desk.h"

#include "base/error.h"
#include "db/channels.h"
#include "db/system_status.h"
#include "db/transaction.h"

#include <cerrno>
#include <chrono>
#include <poll.h>
#include <thread>

namespace firn::queue {

using namespace std::chrono_literals;

namespace {

constexpr auto kWait = 1000ms;
/// While the database is away.
constexpr Duration kTryAgain = 5s;

}  // namespace

db::Connection& StatusDesk::Session::connection() {
  if (!opened) {
    auto made = db::connect(*address);
    made->listen(db::to_string(db::Channel::dump_status));
    opened = std::move(made);
  }
  if (!opened->is_open()) opened->reopen();
  return *opened;
}

void StatusDesk::Session::write(const std::string& json) {
  db::transact(connection(), [&](db::Transaction& transaction) {
    db::check_generation(transaction, generation);
    db::set_system_status(transaction, kStatusRow, json);
    db::notify(transaction, db::Channel::status_dumped);
  });
}

bool StatusDesk::Session::wait() {
  auto& listening = connection();
  if (!listening.take_notifications().empty()) return true;
  const int fd = listening.notification_fd();
  if (fd < 0) {
    std::this_thread::sleep_for(kWait);
    return false;
  }
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&wanted, 1, static_cast<int>(kWait.count())) < 0 && errno != EINTR)
    throw system_error(errno, "waiting for the database");
  return !listening.take_notifications().empty();
}

aio::Task<void> StatusDesk::serve(Status status) {
  bool is_asked = true;
  while (true) {
    bool is_away = false;
    try {
      if (is_asked) co_await answer(status);
      is_asked = co_await thread_.run([session = session_] { return session->wait(); });
    } catch (const db::LostLead&) {
      co_return;
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled || e.kind() == Kind::internal) throw;
      is_away = true;
    }
    if (!is_away) continue;
    is_asked = true;
    co_await aio::sleep_for(loop_, kTryAgain);
  }
}

aio::Task<void> StatusDesk::answer(const Status& status) {
  co_await thread_.run([session = session_, json = status()] { session->write(json); });
}

}  // namespace firn::queue
