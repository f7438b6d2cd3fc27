// SPDX-License-Identifier: Apache-2.0
// The two ends of a session with a program in memory: its stdin, stdout and stderr.
#pragma once

#include "aio/wait_queue.h"
#include "support/memory_stream.h"
#include "transport/link.h"
#include "wire/version.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace firn::testing {

/// What a session's program prints on stderr, and who listens.
struct Diagnostics {
  transport::Link::Listener listener;
  std::string tail;
  bool has_ended = false;
  aio::WaitQueue at_end;

  void print(std::string_view text) {
    if (listener) {
      listener(text);
    } else {
      tail += text;
    }
  }

  void end() {
    has_ended = true;
    at_end.notify_all();
  }
};

/// The program's end.
struct ScriptedSession {
  std::unique_ptr<MemoryStream> stream;
  Diagnostics diagnostics;
  /// The client has closed its side.
  bool is_deserted = false;
  aio::WaitQueue deserted;
  /// What the client announced, and what both go by.
  wire::ServeVersion client = wire::kNewestServe;
  wire::ServeVersion version = wire::kNewestServe;
  std::string inbox;
  std::uint64_t uploaded = 0;
};

/// The client's end. The server stops when it is closed or dies.
class ScriptedLink final : public transport::Link {
 public:
  ScriptedLink(std::unique_ptr<MemoryStream> stream, std::shared_ptr<ScriptedSession> session)
      : stream_(std::move(stream)), session_(std::move(session)) {}

  ~ScriptedLink() override {
    session_->diagnostics.listener = nullptr;
    desert();
  }

  aio::Task<std::size_t> read_some(MutableBytes buffer) override {
    const std::size_t got = co_await stream_->read_some(buffer);
    count_received(got);
    co_return got;
  }

  aio::Task<void> write(Bytes bytes) override {
    co_await stream_->write(bytes);
    count_sent(bytes.size());
  }

  void close_write() override {
    stream_->close_write();
    desert();
  }

  void listen(Listener listener) override { session_->diagnostics.listener = std::move(listener); }

  aio::Task<std::string> last_words() override {
    co_await diagnostics_ended();
    co_return session_->diagnostics.tail;
  }

  std::string_view printed() override { return session_->diagnostics.tail; }

  aio::Task<void> diagnostics_ended() override {
    auto& diagnostics = session_->diagnostics;
    while (!diagnostics.has_ended)
      co_await diagnostics.at_end.wait();
  }

  aio::Task<void> stop(Duration /*grace*/) override {
    close_write();
    // Nobody reads any more: a server that still writes is told so.
    stream_.reset();
    co_await diagnostics_ended();
  }

 private:
  void desert() {
    session_->is_deserted = true;
    session_->deserted.notify_all();
  }

  std::unique_ptr<MemoryStream> stream_;
  std::shared_ptr<ScriptedSession> session_;
};

}  // namespace firn::testing
