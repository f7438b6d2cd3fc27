// SPDX-License-Identifier: Apache-2.0
#include "aio/pipe.h"

#include "aio/cancellation.h"
#include "aio/context.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

namespace firn::aio {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

struct PipeEnd::State {
  State(Loop& loop, int fd) : descriptor(loop.context().io, fd) {
    descriptor.native_non_blocking(true);
  }

  stream_descriptor descriptor;
};

PipeEnd::PipeEnd(Loop& loop, Fd fd) : state_(std::make_unique<State>(loop, fd.release())) {}

PipeEnd::~PipeEnd() = default;
PipeEnd::PipeEnd(PipeEnd&&) noexcept = default;
PipeEnd& PipeEnd::operator=(PipeEnd&&) noexcept = default;

Task<std::size_t> PipeEnd::read_some(MutableBytes buffer) {
  while (true) {
    const ssize_t got = ::read(state_->descriptor.native_handle(), buffer.data(), buffer.size());
    if (got >= 0) co_return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw system_error(errno, "read from a pipe");
    throw_if_cancelled(co_await cancellation());
    boost::system::error_code ignored;
    co_await state_->descriptor.async_wait(stream_descriptor::wait_read,
                                           asio::redirect_error(asio::use_awaitable, ignored));
    throw_if_cancelled(co_await cancellation());
  }
}

Task<std::size_t> PipeEnd::write_some(Bytes bytes) {
  while (true) {
    const ssize_t put = ::write(state_->descriptor.native_handle(), bytes.data(), bytes.size());
    if (put >= 0) co_return static_cast<std::size_t>(put);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw system_error(errno, "write to a pipe");
    throw_if_cancelled(co_await cancellation());
    boost::system::error_code ignored;
    co_await state_->descriptor.async_wait(stream_descriptor::wait_write,
                                           asio::redirect_error(asio::use_awaitable, ignored));
    throw_if_cancelled(co_await cancellation());
  }
}

bool PipeEnd::try_write(Bytes bytes) {
  while (true) {
    const ssize_t put = ::write(state_->descriptor.native_handle(), bytes.data(), bytes.size());
    if (put >= 0 || errno != EINTR) return put == static_cast<ssize_t>(bytes.size());
  }
}

void PipeEnd::close_write() {
  ::shutdown(state_->descriptor.native_handle(), SHUT_WR);
}

void PipeEnd::close() {
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
}

bool PipeEnd::is_open() const {
  return state_->descriptor.is_open();
}

PipePair make_pipe(std::size_t capacity) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error(errno, "make a pipe");
  PipePair pair{.read = Fd(ends[0]), .write = Fd(ends[1])};
  // A refusal only means the default capacity of 64 KiB.
  ::fcntl(pair.write.get(), F_SETPIPE_SZ, static_cast<int>(capacity));
  return pair;
}

}  // namespace firn::aio
