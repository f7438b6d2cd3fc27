// SPDX-License-Identifier: Apache-2.0
// A FakeStore behind our own serve server, in memory: for clients of ours, and for bytes.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "store/serve_server.h"
#include "support/fake_store.h"
#include "support/run.h"
#include "support/scripted_link.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace firn::testing {

/// Everything public may be changed before a client comes. Dies after the links that it made, and
/// outside of `Loop::run`.
class ServedStore {
 public:
  explicit ServedStore(aio::Loop& loop) : loop_(loop), sessions_(loop) {}

  ServedStore(const ServedStore&) = delete;
  ServedStore& operator=(const ServedStore&) = delete;

  ~ServedStore() { loop_.run(sessions_.close()); }

  FakeStore store;
  store::ServeOptions options{.access = store::Access::write};
  /// How the last session ended: nothing = well.
  std::optional<Error> error;
  /// Sessions that live.
  std::size_t alive = 0;

  /// A session for a client of ours.
  std::unique_ptr<transport::Link> open() {
    auto [ours, theirs] = memory_pair();
    auto session = std::make_shared<ScriptedSession>();
    session->stream = std::move(ours);
    auto link = std::make_unique<ScriptedLink>(std::move(theirs), session);
    serve(std::move(session));
    return link;
  }

  /// A session whose client is `there` and `back`; what it prints comes to `session`'s diagnostics.
  void serve(std::shared_ptr<ScriptedSession> session) {
    ++alive;
    sessions_.spawn(&ServedStore::run, *this, std::move(session));
  }

 private:
  aio::Task<void> run(std::shared_ptr<ScriptedSession> session) {
    auto& diagnostics = session->diagnostics;
    store::ServeServer server(loop_, store, *session->stream, options, [&](std::string_view text) {
      diagnostics.print(text);
    });
    error.reset();
    try {
      co_await server.serve();
    } catch (const Error& e) {
      error = e;
      diagnostics.print(std::string("error: ") + e.what() + "\n");
    }
    --alive;
    session->stream.reset();
    diagnostics.end();
  }

  aio::Loop& loop_;
  aio::Scope sessions_;
};

/// A client that speaks in bytes.
class RawClient {
 public:
  explicit RawClient(ServedStore& served, std::size_t capacity = std::size_t{1} << 24U)
      : there_(std::make_shared<MemoryPipe>(capacity)),
        back_(std::make_shared<MemoryPipe>(capacity)),
        session_(std::make_shared<ScriptedSession>()) {
    session_->stream = std::make_unique<MemoryStream>(there_, back_);
    served.serve(session_);
  }

  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  ~RawClient() { hang_up(); }

  /// Sends `bytes`; what the server has said when all has come to rest.
  aio::Task<std::string> tell(std::string_view bytes) {
    there_->bytes += bytes;
    there_->readable.notify_all();
    return heard();
  }

  /// Closes its side; what the server has said until it came to rest.
  aio::Task<std::string> leave() {
    hang_up();
    return heard();
  }

  /// What the server printed on stderr.
  const std::string& printed() const { return session_->diagnostics.tail; }

  /// Bytes that the server has not read.
  std::size_t unread() const { return there_->bytes.size(); }

  bool is_served() const { return !session_->diagnostics.has_ended; }

 private:
  void hang_up() {
    there_->closed = true;
    there_->readable.notify_all();
  }

  aio::Task<std::string> heard() {
    co_await settle();
    back_->writable.notify_all();
    co_return std::exchange(back_->bytes, {});
  }

  std::shared_ptr<MemoryPipe> there_;
  std::shared_ptr<MemoryPipe> back_;
  std::shared_ptr<ScriptedSession> session_;
};

}  // namespace firn::testing
