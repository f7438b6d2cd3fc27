// SPDX-License-Identifier: Apache-2.0
// Sessions on one machine that are used again: a trivial step then starts no process at all.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "aio/semaphore.h"
#include "store/builder_connection.h"
#include "store/limits.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace firn::store {

/// Hands out sessions, the freshest idle one first. Must be closed before it dies, and outlive what
/// it handed out.
class SessionPool {
 private:
  struct Entry;

 public:
  SessionPool(aio::Loop& loop,
              std::unique_ptr<transport::Connector> connector,
              std::string machine,
              SessionLimits limits = {},
              BuilderProtocol protocol = BuilderProtocol::serve);
  ~SessionPool();
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;

  /// A session for one conversation after another by one owner. Dropped without `keep`, it is
  /// closed in the background.
  class [[nodiscard]] Session {
   public:
    Session(Session&&) noexcept;
    Session& operator=(Session&&) = delete;
    ~Session();

    BuilderConnection& operator*() const;
    BuilderConnection* operator->() const;

    /// Paths that this session has locked and found valid, added or built: they stay valid while it
    /// lives, and only they may be asked for with `path_infos`.
    std::unordered_set<nix::StorePath>& held() const;

    /// A session that has built never substitutes again.
    bool has_built() const;
    void mark_built();

    /// The last conversation ended clean: the session may serve somebody else.
    void keep();

    /// Ends the session and waits until its stderr has been read to the end, so that a log is
    /// whole.
    aio::Task<void> finish();

   private:
    friend class SessionPool;

    Session(SessionPool& pool, std::unique_ptr<Entry> entry);

    SessionPool* pool_;
    std::unique_ptr<Entry> entry_;
  };

  /// An idle session or a new one. Throws Error where the machine cannot be reached.
  aio::Task<Session> acquire();

  /// New sessions build themselves what they are given.
  void forbid_delegation() { connector_->forbid_delegation(); }

  /// Ends all idle sessions: whoever asks next gets a new one.
  void end_idle();

  /// Ends all idle sessions and what the connector holds.
  aio::Task<void> close();

  const std::string& machine() const { return machine_; }

 private:
  aio::Task<std::unique_ptr<BuilderConnection>> open();
  void give_back(std::unique_ptr<Entry> entry);
  void retire(std::unique_ptr<Entry> entry);
  aio::Task<void> end(std::unique_ptr<Entry> entry);

  aio::Loop& loop_;
  std::unique_ptr<transport::Connector> connector_;
  std::string machine_;
  SessionLimits limits_;
  BuilderProtocol protocol_;
  /// Whether a daemon there trusts us, once it is known.
  std::optional<bool> trust_;
  std::vector<std::unique_ptr<Entry>> idle_;
  aio::Semaphore first_{1};
  /// A session has been opened there before.
  bool is_known_ = false;
  aio::Scope endings_;
};

}  // namespace firn::store
