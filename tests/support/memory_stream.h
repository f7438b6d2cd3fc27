// SPDX-License-Identifier: Apache-2.0
// Two ByteStreams joined in memory, for tests of protocols without processes.
#pragma once

#include "aio/byte_stream.h"
#include "aio/wait_queue.h"
#include "base/error.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace firn::testing {

/// One direction: bytes written at one end wait to be read at the other, at most `capacity` of
/// them.
struct MemoryPipe {
  explicit MemoryPipe(std::size_t c) : capacity(c) {}

  std::size_t capacity;
  std::string bytes;
  bool closed = false;
  aio::WaitQueue readable;
  aio::WaitQueue writable;
};

class MemoryStream final : public aio::ByteStream {
 public:
  MemoryStream(std::shared_ptr<MemoryPipe> in, std::shared_ptr<MemoryPipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}

  ~MemoryStream() override {
    close_write();
    in_->closed = true;
    in_->writable.notify_all();
  }

  aio::Task<std::size_t> read_some(MutableBytes buffer) override {
    while (in_->bytes.empty() && !in_->closed)
      co_await in_->readable.wait();
    const std::size_t n = std::min(buffer.size(), in_->bytes.size());
    std::memcpy(buffer.data(), in_->bytes.data(), n);
    in_->bytes.erase(0, n);
    in_->writable.notify_all();
    count_received(n);
    co_return n;
  }

  aio::Task<void> write(Bytes bytes) override {
    while (!bytes.empty()) {
      while (out_->bytes.size() >= out_->capacity && !out_->closed)
        co_await out_->writable.wait();
      if (out_->closed) throw Error(Kind::unavailable, "the peer has gone");
      const std::size_t n = std::min(bytes.size(), out_->capacity - out_->bytes.size());
      out_->bytes += as_text(bytes.first(n));
      bytes = bytes.subspan(n);
      out_->readable.notify_all();
      count_sent(n);
    }
  }

  void close_write() override {
    out_->closed = true;
    out_->readable.notify_all();
  }

 private:
  std::shared_ptr<MemoryPipe> in_;
  std::shared_ptr<MemoryPipe> out_;
};

inline std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_pair(
    std::size_t capacity = 65536) {
  auto there = std::make_shared<MemoryPipe>(capacity);
  auto back = std::make_shared<MemoryPipe>(capacity);
  return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
}

}  // namespace firn::testing
