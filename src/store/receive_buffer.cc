// SPDX-License-Identifier: Apache-2.0
#include "store/receive_buffer.h"

#include "base/error.h"

#include <algorithm>
#include <cstring>

namespace firn::store {

void ReceiveBuffer::drop(std::size_t count) {
  FIRN_CHECK(count <= end_ - begin_);
  begin_ += count;
  offset_ += count;
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  if (bytes_.size() > kLargest) std::vector<std::byte>().swap(bytes_);
}

MutableBytes ReceiveBuffer::room(std::size_t missing) {
  // However much a peer announces: not more than twice what it has sent is held ready.
  const std::size_t wanted =
      std::clamp(missing, kSmallest / 2, std::max(kSmallest / 2, end_ - begin_));
  if (bytes_.size() - end_ < wanted && begin_ > 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (bytes_.size() - end_ < wanted) bytes_.resize(std::max(kSmallest, end_ + wanted));
  return MutableBytes(bytes_).subspan(end_);
}

void ReceiveBuffer::filled(std::size_t count) {
  end_ += count;
  FIRN_CHECK(end_ <= bytes_.size());
  // A read that filled everything says that more is waiting than fits.
  if (end_ == bytes_.size() && bytes_.size() < kLargest)
    bytes_.resize(std::min(kLargest, bytes_.size() * 4));
}

}  // namespace firn::store
