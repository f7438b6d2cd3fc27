// SPDX-License-Identifier: Apache-2.0
#include "store/dumped_nar.h"

#include <utility>

namespace firn::store {

DumpedNar::DumpedNar(Peer& peer, Ask ask)
    : peer_(peer), conversation_(peer), parser_(visitor_), ask_(std::move(ask)) {}

aio::Task<Bytes> DumpedNar::next() {
  if (ask_) {
    co_await ask_();
    ask_ = nullptr;
  }
  auto& buffer = peer_.buffer();
  buffer.drop(std::exchange(handed_out_, 0));
  if (parser_.is_done()) {
    // Not before: what was handed out is still in the peer's buffer.
    if (!std::exchange(has_ended_, true)) conversation_.end();
    co_return Bytes();
  }
  if (buffer.view().empty()) co_await peer_.fill(1);
  const auto arrived = as_bytes(buffer.view());
  handed_out_ = parser_.feed(arrived);
  co_return arrived.first(handed_out_);
}

}  // namespace firn::store
