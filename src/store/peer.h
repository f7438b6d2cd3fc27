// SPDX-License-Identifier: Apache-2.0
// The other end of a conversation, in any protocol: its bytes, its name, and whether it may be
// asked something. A conversation that ends in the middle, by an error or a cancellation, leaves
// the peer unusable: the next one throws instead of reading somebody else's bytes.
#pragma once

#include "aio/task.h"
#include "base/error.h"
#include "base/units.h"
#include "store/receive_buffer.h"
#include "transport/link.h"
#include "wire/codec.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace firn::store {

class Peer {
 public:
  /// `name` is what messages call it.
  Peer(std::unique_ptr<transport::Link> link, std::string name);

  transport::Link& link() const { return *link_; }

  const std::string& name() const { return name_; }

  /// What has arrived and nobody has read. The bytes of one conversation after another: whoever
  /// reads drops what is his, and nothing else.
  ReceiveBuffer& buffer() { return buffer_; }

  /// Waits for `missing` more bytes in the buffer. Throws Error{unavailable} with the peer's last
  /// words where it has gone.
  aio::Task<void> fill(std::size_t missing);

  /// Sends all. Throws as `fill` does.
  aio::Task<void> write(std::string_view bytes);

  /// Reads one record: `decode(view, offset)` is asked again whenever more has arrived.
  template <class Decode>
  auto read(Decode decode) -> aio::Task<decltype(std::get<0>(decode(std::string_view(), 0)).value)>;

  /// Reads to the end of what `reader`, a wire::ReplyReader, reads.
  template <class Reader>
  aio::Task<typename Reader::Reply> read_with(Reader reader);

  /// Whether another conversation may follow.
  bool is_usable() const { return !broken_ && !busy_ && buffer_.view().empty(); }

  /// Marks the peer as busy, and as broken unless `end` is reached.
  class [[nodiscard]] Conversation {
   public:
    /// Throws Bug where the last one did not end, Error{protocol} where the peer has said what
    /// nobody asked for.
    explicit Conversation(Peer& peer);
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;
    ~Conversation();

    void end() { std::exchange(peer_, nullptr)->busy_ = false; }

   private:
    Peer* peer_;
  };

  /// Closes the input and waits for the end of the peer; a moment at most, then it is ended.
  aio::Task<void> close();

 private:
  aio::Task<Error> gone();

  std::unique_ptr<transport::Link> link_;
  std::string name_;
  ReceiveBuffer buffer_;
  bool busy_ = false;
  bool broken_ = false;
};

template <class Decode>
auto Peer::read(Decode decode)
    -> aio::Task<decltype(std::get<0>(decode(std::string_view(), 0)).value)> {
  while (true) {
    auto result = decode(buffer_.view(), buffer_.offset());
    if (auto* done = std::get_if<0>(&result)) {
      buffer_.drop(done->consumed);
      co_return std::move(done->value);
    }
    co_await fill(std::get<wire::Short>(result).missing);
  }
}

template <class Reader>
aio::Task<typename Reader::Reply> Peer::read_with(Reader reader) {
  while (true) {
    const wire::Progress progress = reader.feed(buffer_.view());
    buffer_.drop(progress.consumed);
    if (progress.done) co_return std::move(reader).take();
    co_await fill(progress.missing);
  }
}

}  // namespace firn::store
