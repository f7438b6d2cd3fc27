// SPDX-License-Identifier: Apache-2.0
// One direction of a conversation that is over, read from its beginning.
#pragma once

#include "base/error.h"
#include "wire/codec.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace firn::wire {

/// A stream of bytes that comes in pieces. Holds no more of it than a reader asked for at once.
class Replay {
 public:
  /// The next piece, which stays valid until the next call; empty at the end.
  using Source = std::function<std::string_view()>;

  explicit Replay(Source source) : source_(std::move(source)) {}

  /// Borrows what the pieces point to. Empty ones are passed over.
  explicit Replay(std::vector<std::string_view> pieces);

  /// What has been fetched and not dropped; valid until the next call.
  std::string_view view() const { return std::string_view(window_).substr(begin_); }

  /// Fetches at least `missing` bytes more. False where the stream ends before.
  bool fetch(std::size_t missing);

  /// Forgets `count` bytes at the front.
  void drop(std::size_t count) {
    begin_ += count;
    offset_ += count;
  }

  bool is_at_end() { return view().empty() && !fetch(1); }

  /// Forgets everything to the end; returns how much it was.
  std::uint64_t drop_rest();

  /// Bytes dropped so far.
  std::uint64_t offset() const { return offset_; }

  /// Throws Error{protocol}: the stream ends, and at least `missing` bytes more were expected.
  [[noreturn]] void fail_at_end(std::uint64_t missing) const;

 private:
  Source source_;
  std::string window_;
  std::size_t begin_ = 0;
  std::uint64_t offset_ = 0;
};

/// Takes one record from the front: `decode(bytes, offset)` returns a DecodeResult. Throws
/// Error{protocol} where the stream ends within the record.
template <class Decode>
auto take(Replay& stream, Decode decode) {
  for (;;) {
    auto result = decode(stream.view(), stream.offset());
    if (auto* whole = std::get_if<0>(&result)) {
      stream.drop(whole->consumed);
      return std::move(whole->value);
    }
    const auto missing = std::get<Short>(result).missing;
    const auto there = stream.view().size();
    if (!stream.fetch(missing)) stream.fail_at_end(missing - (stream.view().size() - there));
  }
}

/// Takes what `feed(view) → Progress` reads record by record.
template <class Feed>
void take_fed(Replay& stream, Feed feed) {
  for (;;) {
    const Progress progress = feed(stream.view());
    stream.drop(progress.consumed);
    if (progress.done) return;
    const auto there = stream.view().size();
    if (!stream.fetch(progress.missing))
      stream.fail_at_end(progress.missing - (stream.view().size() - there));
  }
}

}  // namespace firn::wire
