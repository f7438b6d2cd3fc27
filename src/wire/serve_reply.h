// SPDX-License-Identifier: Apache-2.0
// Replies of the serve protocol, pulled record by record from bytes as they arrive. The one loop
// that needs it, with `buffer` shared by all readers of a connection:
//
//   ReplyReader<Request> reader(version, buffer.offset());
//   for (;;) {
//     const Progress progress = reader.feed(buffer.view());
//     buffer.drop(progress.consumed);
//     if (progress.done) co_return std::move(reader).take();
//     co_await buffer.fill(buffer.view().size() + progress.missing);   // end of stream: Error
//   }
//
// No byte beyond the reply is consumed, so the next reader, or a NAR parser, goes on where this one
// ended.
#pragma once

#include "wire/serve_commands.h"
#include "wire/version.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firn::wire {

/// How far a reader came.
struct Progress {
  /// Bytes at the front that are done with: whole records.
  std::size_t consumed = 0;
  /// What must arrive at least, beyond the bytes that were not consumed, before feeding again is of
  /// use. 0 only when done.
  std::size_t missing = 0;
  bool done = false;
};

/// Reads the reply to one request, once. Throws Error{protocol} for bytes that are none: then the
/// conversation is over.
template <class Request>
class ReplyReader {
 public:
  using Reply = typename Request::Reply;

  /// `offset` is where the reply starts in what the server sent, for messages.
  explicit ReplyReader(ServeVersion version, std::uint64_t offset = 0)
      : version_(version), offset_(offset) {}

  /// `available` starts after what was consumed so far. May be empty: a reply of no bytes is done
  /// at once.
  Progress feed(std::string_view available);

  /// Only when done, and once.
  Reply take() &&;

 private:
  enum class State : std::uint8_t { at_start, within_list, done, taken };

  ServeVersion version_;
  std::uint64_t offset_;
  State state_ = State::at_start;
  /// Of a counted list: items that have not come yet.
  std::uint64_t items_left_ = 0;
  Reply reply_;
};

/// Appends a reply; for the server half. Compiled for every request.
template <class Request>
void append_reply(std::string& out, const typename Request::Reply& reply, ServeVersion version);

}  // namespace firn::wire
