// SPDX-License-Identifier: Apache-2.0
#include "store/incoming_nar.h"

#include "base/error.h"

#include <utility>

#include <fmt/format.h>

namespace firn::store {

IncomingNar::IncomingNar(ServedClient& client, std::uint64_t size)
    : client_(client), left_(size), parser_(visitor_) {}

void IncomingNar::drop_handed_out() {
  const auto used = std::exchange(handed_out_, 0);
  client_.drop(used);
  if (left_ != kAnySize) left_ -= used;
}

aio::Task<Bytes> IncomingNar::next() {
  drop_handed_out();
  if (parser_.is_done()) co_return Bytes();
  const auto arrived = as_bytes((co_await client_.some()).substr(0, left_));
  handed_out_ = parser_.feed(arrived);
  if (handed_out_ == left_ && !parser_.is_done()) {
    throw Error(Kind::invalid,
                fmt::format("the NAR does not end within the {} bytes that were announced",
                            parser_.offset()));
  }
  co_return arrived.first(handed_out_);
}

aio::Task<void> IncomingNar::finish() {
  drop_handed_out();
  if (left_ != kAnySize) co_await client_.skip(std::exchange(left_, 0));
}

}  // namespace firn::store
