// SPDX-License-Identifier: Apache-2.0
#include "store/session_pool.h"

#include "store/serve_builder.h"
#include "store/worker_builder.h"

#include <algorithm>
#include <utility>

namespace firn::store {

using namespace std::chrono_literals;

namespace {

constexpr Duration kLastLogBytes = 10s;

}  // namespace

struct SessionPool::Entry {
  std::unique_ptr<BuilderConnection> connection;
  std::unordered_set<nix::StorePath> held;
  TimePoint opened_at;
  std::uint32_t uses = 0;
  bool has_built = false;
  aio::Timers::Entry idle_limit;
};

SessionPool::SessionPool(aio::Loop& loop,
                         std::unique_ptr<transport::Connector> connector,
                         std::string machine,
                         SessionLimits limits,
                         BuilderProtocol protocol)
    : loop_(loop),
      connector_(std::move(connector)),
      machine_(std::move(machine)),
      limits_(limits),
      protocol_(protocol),
      endings_(loop) {}

SessionPool::~SessionPool() = default;

SessionPool::Session::Session(SessionPool& pool, std::unique_ptr<Entry> entry)
    : pool_(&pool), entry_(std::move(entry)) {}

SessionPool::Session::Session(Session&&) noexcept = default;

SessionPool::Session::~Session() {
  if (entry_) pool_->retire(std::move(entry_));
}

BuilderConnection& SessionPool::Session::operator*() const {
  return *entry_->connection;
}

BuilderConnection* SessionPool::Session::operator->() const {
  return entry_->connection.get();
}

std::unordered_set<nix::StorePath>& SessionPool::Session::held() const {
  return entry_->held;
}

bool SessionPool::Session::has_built() const {
  return entry_->has_built;
}

void SessionPool::Session::mark_built() {
  entry_->has_built = true;
}

void SessionPool::Session::keep() {
  pool_->give_back(std::move(entry_));
}

aio::Task<void> SessionPool::Session::finish() {
  const auto entry = std::move(entry_);
  auto& link = entry->connection->link();
  link.close_write();
  try {
    co_await aio::within(
        pool_->loop_, "reading the end of the log", kLastLogBytes, link.diagnostics_ended());
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
  }
  co_await entry->connection->close();
}

aio::Task<std::unique_ptr<BuilderConnection>> SessionPool::open() {
  return protocol_ == BuilderProtocol::worker
             ? connect_worker_builder(loop_, *connector_, machine_, limits_, trust_)
             : connect_serve_builder(loop_, *connector_, machine_, limits_);
}

aio::Task<SessionPool::Session> SessionPool::acquire() {
  if (!idle_.empty()) {
    auto entry = std::move(idle_.back());
    idle_.pop_back();
    entry->idle_limit.cancel();
    ++entry->uses;
    co_return Session(*this, std::move(entry));
  }
  // Servers that start on an empty store at the same time get into each other's way while they make
  // its database: the first session of a machine is opened alone.
  aio::Semaphore::Permit alone;
  if (!is_known_) alone = co_await first_.acquire();
  if (is_known_) alone.release();
  auto entry = std::make_unique<Entry>();
  entry->connection = co_await open();
  is_known_ = true;
  entry->opened_at = loop_.timers().now();
  entry->uses = 1;
  co_return Session(*this, std::move(entry));
}

void SessionPool::give_back(std::unique_ptr<Entry> entry) {
  const bool is_young =
      loop_.timers().now() - entry->opened_at < limits_.age && entry->uses < limits_.uses;
  if (!is_young || !entry->connection->is_usable()) {
    retire(std::move(entry));
    return;
  }
  entry->idle_limit = loop_.timers().after(limits_.idle, [this, raw = entry.get()] {
    const auto place = std::ranges::find(idle_, raw, [](const auto& e) { return e.get(); });
    if (place == idle_.end()) return;
    auto expired = std::move(*place);
    idle_.erase(place);
    retire(std::move(expired));
  });
  idle_.push_back(std::move(entry));
}

void SessionPool::retire(std::unique_ptr<Entry> entry) {
  endings_.spawn(&SessionPool::end, *this, std::move(entry));
}

aio::Task<void> SessionPool::end(std::unique_ptr<Entry> entry) {
  try {
    co_await entry->connection->close();
  } catch (const Error&) {
    // What does not end in good order is killed by leaving scope.
    entry->connection.reset();
  }
}

void SessionPool::end_idle() {
  for (auto& entry : std::exchange(idle_, {}))
    retire(std::move(entry));
}

aio::Task<void> SessionPool::close() {
  end_idle();
  co_await endings_.join();
  co_await connector_->close();
}

}  // namespace firn::store
