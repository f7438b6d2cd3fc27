// SPDX-License-Identifier: Apache-2.0
// The bytes of a conversation that have arrived and are not read yet.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace firn::store {

/// One buffer for all readers of a connection. Small while messages are, up to kLargest while NARs
/// flow, and larger only where one record is.
class ReceiveBuffer {
 public:
  static constexpr std::size_t kSmallest = std::size_t{32} << 10U;
  static constexpr std::size_t kLargest = std::size_t{512} << 10U;

  /// What has arrived; valid until `room` is called.
  std::string_view view() const { return as_text(Bytes(bytes_).subspan(begin_, end_ - begin_)); }

  /// Forgets `count` bytes at the front.
  void drop(std::size_t count);

  /// Space behind what has arrived, for some of the `missing` bytes at least: memory grows with
  /// what arrives and not with what is announced.
  MutableBytes room(std::size_t missing);

  /// `count` bytes have been put into the room.
  void filled(std::size_t count);

  /// Bytes dropped so far: where the view begins in the whole conversation.
  std::uint64_t offset() const { return offset_; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace firn::store
