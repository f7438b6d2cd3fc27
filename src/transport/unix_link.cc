// SPDX-License-Identifier: Apache-2.0
#include "transport/unix_link.h"

#include "aio/phase.h"
#include "aio/unix_socket.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <utility>

namespace firn::transport {

using namespace std::chrono_literals;

namespace {

/// How often a full queue is tried again.
constexpr Duration kQueuePause = 20ms;

}  // namespace

UnixLink::UnixLink(aio::Loop& loop, Fd socket) : loop_(loop), descriptor_(socket.get()) {
  end_.emplace(loop, std::move(socket));
}

aio::PipeEnd& UnixLink::open_end() {
  if (!end_) throw Error(Kind::unavailable, "the connection is closed");
  return *end_;
}

aio::Task<std::size_t> UnixLink::read_some(MutableBytes buffer) {
  const std::size_t got = co_await open_end().read_some(buffer);
  count_received(got);
  co_return got;
}

aio::Task<void> UnixLink::write(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t put = co_await open_end().write_some(bytes);
    count_sent(put);
    bytes = bytes.subspan(put);
  }
}

void UnixLink::close_write() {
  if (end_) ::shutdown(descriptor_, SHUT_WR);
}

aio::Task<std::string> UnixLink::last_words() {
  co_return std::string();
}

aio::Task<void> UnixLink::diagnostics_ended() {
  co_return;
}

aio::Task<void> UnixLink::read_to_end() {
  std::array<std::byte, 65536> ignored;
  while (co_await read_some(ignored) > 0) {
  }
}

aio::Task<void> UnixLink::stop(Duration grace) {
  if (!end_) co_return;
  close_write();
  try {
    co_await aio::within(loop_, "the end of a connection", grace, read_to_end());
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout && e.kind() != Kind::unavailable) throw;
  }
  end_.reset();
}

aio::Task<std::unique_ptr<Link>> connect(aio::Loop& loop, UnixAddress address) {
  while (true) {
    if (Fd socket = aio::connect_unix(address.path))
      co_return std::make_unique<UnixLink>(loop, std::move(socket));
    co_await aio::sleep_for(loop, kQueuePause);
  }
}

UnixConnector::UnixConnector(aio::Loop& loop, UnixAddress address)
    : loop_(loop), address_(std::move(address)) {}

aio::Task<std::unique_ptr<Link>> UnixConnector::open() {
  return connect(loop_, address_);
}

aio::Task<void> UnixConnector::close() {
  co_return;
}

}  // namespace firn::transport
