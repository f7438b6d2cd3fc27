// SPDX-License-Identifier: Apache-2.0
#include "aio/acceptor.h"

#include "aio/cancellation.h"
#include "aio/context.h"
#include "base/bytes.h"
#include "base/error.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

namespace firn::aio {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

namespace {

/// Where descriptors have run out, some may be free again then.
constexpr Duration kShortage = std::chrono::milliseconds(100);

}  // namespace

struct Acceptor::Socket {
  Socket(Loop& loop, int fd) : descriptor(loop.context().io, fd) {}

  stream_descriptor descriptor;
};

Acceptor::Acceptor(Loop& loop, Fd listening, Host& host, std::size_t at_once)
    : loop_(loop),
      host_(host),
      socket_(std::make_unique<Socket>(loop, listening.release())),
      turns_(at_once),
      talks_(loop) {}

Acceptor::~Acceptor() = default;

Task<Fd> Acceptor::accept() {
  while (true) {
    Fd peer(::accept4(
        socket_->descriptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (peer) co_return peer;
    if (errno == EAGAIN) {
      throw_if_cancelled(co_await cancellation());
      boost::system::error_code ignored;
      co_await socket_->descriptor.async_wait(stream_descriptor::wait_read,
                                              asio::redirect_error(asio::use_awaitable, ignored));
      throw_if_cancelled(co_await cancellation());
    } else if (errno != EINTR && errno != ECONNABORTED) {
      co_await sleep_for(loop_, kShortage);
    }
  }
}

Task<void> Acceptor::run() {
  std::exception_ptr error;
  try {
    co_await serve();
  } catch (...) {
    error = std::current_exception();
  }
  co_await talks_.close();
  if (error) std::rethrow_exception(error);
}

Task<void> Acceptor::serve() {
  while (true) {
    auto turn = co_await turns_.acquire();
    talks_.spawn(&Acceptor::talk, *this, co_await accept(), std::move(turn));
  }
}

Task<void> Acceptor::talk(Fd peer, Semaphore::Permit) {
  PipeEnd end(loop_, std::move(peer));
  try {
    co_await host_.talk(end);
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
  }
}

Task<std::optional<std::string>> read_until(PipeEnd& peer,
                                            std::string& buffer,
                                            std::string_view end,
                                            std::size_t limit) {
  std::size_t looked = 0;
  while (true) {
    if (const auto found = buffer.find(end, looked); found != std::string::npos) {
      auto text = buffer.substr(0, found);
      buffer.erase(0, found + end.size());
      co_return text;
    }
    if (buffer.size() >= limit) throw Error(Kind::resource, "the peer sends too long a text");
    looked = buffer.size() < end.size() ? 0 : buffer.size() - end.size() + 1;
    std::array<std::byte, 4096> block{};
    const auto got = co_await peer.read_some(block);
    if (got == 0) co_return std::nullopt;
    buffer += as_text(Bytes(block).first(got));
  }
}

Task<void> write_all(PipeEnd& peer, std::string_view text) {
  auto bytes = as_bytes(text);
  while (!bytes.empty())
    bytes = bytes.subspan(co_await peer.write_some(bytes));
}

}  // namespace firn::aio
