// SPDX-License-Identifier: Apache-2.0
#include "store/served_client.h"

#include "aio/wait_queue.h"
#include "base/error.h"

#include <algorithm>

namespace firn::store {

namespace {

/// Far more than a request that was sent before its time.
constexpr std::size_t kReadAhead = std::size_t{64} << 10U;

}  // namespace

aio::Task<bool> ServedClient::has_more(std::size_t bytes) {
  while (buffer_.view().size() < bytes && !has_ended_) {
    const std::size_t got = co_await stream_.read_some(buffer_.room(bytes - buffer_.view().size()));
    buffer_.filled(got);
    has_ended_ = got == 0;
  }
  co_return buffer_.view().size() >= bytes;
}

aio::Task<void> ServedClient::need(std::size_t bytes) {
  if (!co_await has_more(bytes))
    throw Error(Kind::unavailable, "unexpected end-of-file: the client has gone in mid-request");
}

aio::Task<std::string_view> ServedClient::some() {
  co_await need(1);
  co_return buffer_.view();
}

aio::Task<void> ServedClient::skip(std::uint64_t bytes) {
  while (bytes > 0) {
    const auto arrived = co_await some();
    const auto count = std::min<std::uint64_t>(bytes, arrived.size());
    buffer_.drop(count);
    bytes -= count;
  }
}

aio::Task<void> ServedClient::write(std::string_view bytes) {
  return stream_.write(as_bytes(bytes));
}

aio::Task<void> ServedClient::hung_up() {
  while (!has_ended_ && buffer_.view().size() < kReadAhead)
    co_await has_more(buffer_.view().size() + 1);
  aio::WaitQueue never;
  while (!has_ended_)
    co_await never.wait();
}

}  // namespace firn::store
