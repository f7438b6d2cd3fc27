// SPDX-License-Identifier: Apache-2.0
#include "store/worker_pool.h"

#include "base/error.h"

#include <utility>

namespace firn::store {

WorkerPool::WorkerPool(aio::Loop& loop,
                       std::unique_ptr<transport::Connector> connector,
                       std::string name,
                       Patience adding_answer)
    : loop_(loop),
      connector_(std::move(connector)),
      name_(std::move(name)),
      adding_answer_(adding_answer),
      endings_(loop) {}

WorkerPool::~WorkerPool() = default;

WorkerPool::Lease::~Lease() {
  if (!connection_) return;
  if (!connection_->is_usable()) pool_->retire_idle();
  pool_->retire(std::move(connection_));
}

void WorkerPool::Lease::keep() {
  if (connection_->is_usable()) pool_->idle_.push_back(std::move(connection_));
}

aio::Task<WorkerPool::Lease> WorkerPool::acquire() {
  if (idle_.empty()) co_return co_await open();
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  co_return Lease(*this, std::move(connection));
}

aio::Task<WorkerPool::Lease> WorkerPool::open() {
  co_return Lease(*this, co_await open_worker(loop_, *connector_, name_, adding_answer_));
}

void WorkerPool::retire_idle() {
  for (auto& connection : std::exchange(idle_, {}))
    retire(std::move(connection));
}

void WorkerPool::retire(std::unique_ptr<WorkerConnection> connection) {
  endings_.spawn(&WorkerPool::end, std::move(connection));
}

aio::Task<void> WorkerPool::end(std::unique_ptr<WorkerConnection> connection) {
  try {
    co_await connection->close();
  } catch (const Error&) {
    // What does not end in good order is ended by leaving scope.
    connection.reset();
  }
}

aio::Task<void> WorkerPool::close() {
  retire_idle();
  co_await endings_.join();
  co_await connector_->close();
}

}  // namespace firn::store
