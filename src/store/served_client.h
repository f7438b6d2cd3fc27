// SPDX-License-Identifier: Apache-2.0
// The other side of a conversation that we serve: what it has sent, record by record and byte by
// byte, and what it is told.
#pragma once

#include "aio/byte_stream.h"
#include "store/receive_buffer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace firn::store {

/// Borrows the stream. Everything but `has_more` and `hung_up` throws Error{unavailable} where the
/// client has gone in the middle.
class ServedClient {
 public:
  explicit ServedClient(aio::ByteStream& stream) : stream_(stream) {}

  /// Waits until at least `bytes` are there; false = the client closes its side before.
  aio::Task<bool> has_more(std::size_t bytes);

  /// The next record. `decode(bytes, offset)` gives wire::DecodeResult; its limits bound what is
  /// held.
  template <class Decode>
  auto read(Decode decode)
      -> aio::Task<decltype(std::get<0>(decode(std::string_view(), std::uint64_t{})).value)> {
    while (true) {
      auto result = decode(buffer_.view(), buffer_.offset());
      if (auto* record = std::get_if<0>(&result)) {
        buffer_.drop(record->consumed);
        co_return std::move(record->value);
      }
      co_await need(buffer_.view().size() + std::get<1>(result).missing);
    }
  }

  /// Waits until at least `bytes` are there.
  aio::Task<void> need(std::size_t bytes);

  /// What has arrived, at least one byte; valid until something else is asked of this object.
  aio::Task<std::string_view> some();

  /// Forgets `bytes` of what has arrived.
  void drop(std::size_t bytes) { buffer_.drop(bytes); }

  /// Reads `bytes` and forgets them.
  aio::Task<void> skip(std::uint64_t bytes);

  aio::Task<void> write(std::string_view bytes);

  /// Waits until the client closes its side, while nobody reads from it. Reads ahead a little: a
  /// client that sends more than that before it has its answer is no longer watched.
  aio::Task<void> hung_up();

  /// What has moved, both ways.
  const aio::Progress& progress() const { return stream_.progress(); }

 private:
  aio::ByteStream& stream_;
  ReceiveBuffer buffer_;
  bool has_ended_ = false;
};

}  // namespace firn::store
