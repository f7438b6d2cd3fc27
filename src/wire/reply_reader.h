// SPDX-License-Identifier: Apache-2.0
// Replies of both protocols, pulled record by record from bytes as they arrive. The one loop that
// needs it, with `buffer` shared by all readers of a connection:
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
// ended. In the worker protocol the reply comes after the messages, when the last one was Finished.
#pragma once

#include "wire/codec.h"
#include "wire/request.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::wire {

/// Where a list stands: whether its count has been read, and how many items are to come.
struct ListState {
  bool is_open = false;
  std::uint64_t items_left = 0;
};

/// Reads the reply to one request, once. Throws Error{protocol} for bytes that are none: then the
/// conversation is over. Compiled for every request.
template <class Request>
class ReplyReader {
 public:
  using Reply = typename Request::Reply;
  using Version = VersionOf<Request>;

  /// `offset` is where the reply starts in what the server sent, for messages.
  explicit ReplyReader(Version version, std::uint64_t offset = 0)
      : version_(version), offset_(offset), reply_(blank<Reply>()) {}

  /// `available` starts after what was consumed so far. May be empty: a reply of no bytes is done
  /// at once.
  Progress feed(std::string_view available);

  /// Only when done, and once.
  Reply take() &&;

 private:
  enum class State : std::uint8_t { reading, done, taken };

  Version version_;
  std::uint64_t offset_;
  State state_ = State::reading;
  ListState list_;
  Reply reply_;
};

/// Appends a reply; for the server half. Compiled for every request.
template <class Request>
void append_reply(std::string& out,
                  const typename Request::Reply& reply,
                  VersionOf<Request> version);

}  // namespace firn::wire
