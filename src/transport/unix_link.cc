// SPDX-License-Identifier: Apache-2.0
#include "transport/unix_link.h"

#include "aio/phase.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

#include <fmt/format.h>

namespace firn::transport {

using namespace std::chrono_literals;

namespace {

/// How often a full queue is tried again.
constexpr Duration kQueuePause = 20ms;

Error cannot_connect(int error, const UnixAddress& address) {
  const Error plain = system_error(error, fmt::format("connect to {}", address.path));
  return plain.kind() == Kind::permission ? plain : Error(Kind::unavailable, plain.message());
}

/// Reaches a long path through its folder's descriptor, which must stay open meanwhile.
sockaddr_un socket_address(const UnixAddress& address, Fd& folder) {
  sockaddr_un result{};
  result.sun_family = AF_UNIX;
  std::string path = address.path;
  if (path.size() >= sizeof(result.sun_path)) {
    const auto slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    folder = Fd(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) throw cannot_connect(errno, address);
    path = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.substr(slash + 1));
  }
  if (path.size() >= sizeof(result.sun_path)) throw cannot_connect(ENAMETOOLONG, address);
  std::memcpy(result.sun_path, path.data(), path.size());
  return result;
}

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
  Fd folder;
  const sockaddr_un name = socket_address(address, folder);
  while (true) {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw system_error(errno, "make a socket");
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what connect takes.
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0)
      co_return std::make_unique<UnixLink>(loop, std::move(socket));
    if (errno != EAGAIN && errno != EINTR) throw cannot_connect(errno, address);
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
