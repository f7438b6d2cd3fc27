// SPDX-License-Identifier: Apache-2.0
// Connections to one daemon that are used again: its process, or the fork of it that serves us,
// then starts only once.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "store/worker_connection.h"

#include <memory>
#include <string>
#include <vector>

namespace firn::store {

/// Must be closed before it dies, and outlive what it handed out.
class WorkerPool {
 public:
  /// `name` is what messages call the daemon.
  WorkerPool(aio::Loop& loop,
             std::unique_ptr<transport::Connector> connector,
             std::string name,
             Patience adding_answer = {});
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// A connection for one request after another by one owner. Dropped without `keep`, it is closed
  /// in the background, which ends what it was doing. One that is dropped in the middle of a
  /// conversation takes the idle ones with it: the daemon that they belong to may have gone.
  class [[nodiscard]] Lease {
   public:
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    WorkerConnection& operator*() const { return *connection_; }

    WorkerConnection* operator->() const { return connection_.get(); }

    /// Somebody else may use it, if its last conversation ended clean.
    void keep();

   private:
    friend class WorkerPool;

    Lease(WorkerPool& pool, std::unique_ptr<WorkerConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}

    WorkerPool* pool_;
    std::unique_ptr<WorkerConnection> connection_;
  };

  /// One that is idle, or a new one. Throws Error where the daemon cannot be reached.
  aio::Task<Lease> acquire();

  /// A new one, that nobody has told anything yet.
  aio::Task<Lease> open();

  /// Ends all that are idle, waits for those that are ending, and ends what the connector holds.
  aio::Task<void> close();

 private:
  void retire(std::unique_ptr<WorkerConnection> connection);
  void retire_idle();
  static aio::Task<void> end(std::unique_ptr<WorkerConnection> connection);

  aio::Loop& loop_;
  std::unique_ptr<transport::Connector> connector_;
  std::string name_;
  Patience adding_answer_;
  std::vector<std::unique_ptr<WorkerConnection>> idle_;
  aio::Scope endings_;
};

}  // namespace firn::store
