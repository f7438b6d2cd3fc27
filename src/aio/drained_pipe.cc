// SPDX-License-Identifier: Apache-2.0
#include "aio/drained_pipe.h"

#include "aio/context.h"
#include "aio/wait_queue.h"

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace firn::aio {

using boost::asio::posix::stream_descriptor;

// Shared with the pending read's handler, which may still be queued when the pipe is left.
struct DrainedPipe::State : std::enable_shared_from_this<State> {
  State(Loop& loop, int fd) : descriptor(loop.context().io, fd) {
    descriptor.native_non_blocking(true);
  }

  void wait() {
    descriptor.async_wait(stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error) self->drain();
                          });
  }

  // A few blocks at a time, so that a loud child cannot keep the loop to itself.
  void drain() {
    std::array<char, 65536> buffer;
    for (int round = 0; round < 4; ++round) {
      const ssize_t got = ::read(descriptor.native_handle(), buffer.data(), buffer.size());
      if (got > 0) {
        take({buffer.data(), static_cast<std::size_t>(got)});
      } else if (got < 0 && errno == EAGAIN) {
        break;
      } else if (got == 0 || errno != EINTR) {
        end();
        return;
      }
    }
    wait();
  }

  void take(std::string_view text) {
    if (listener) {
      listener(text);
      return;
    }
    tail += text;
    if (tail.size() > 2 * kTail) tail.erase(0, tail.size() - kTail);
  }

  void end() {
    boost::system::error_code ignored;
    descriptor.close(ignored);
    has_ended = true;
    at_end.notify_all();
  }

  stream_descriptor descriptor;
  Listener listener;
  std::string tail;
  bool has_ended = false;
  WaitQueue at_end;
};

DrainedPipe::DrainedPipe(Loop& loop, Fd fd) : state_(std::make_shared<State>(loop, fd.release())) {
  state_->wait();
}

DrainedPipe::~DrainedPipe() {
  state_->listener = nullptr;
  if (!state_->has_ended) state_->end();
}

void DrainedPipe::listen(Listener listener) {
  if (listener) state_->tail.clear();
  state_->listener = std::move(listener);
}

const std::string& DrainedPipe::tail() const {
  if (state_->tail.size() > kTail) state_->tail.erase(0, state_->tail.size() - kTail);
  return state_->tail;
}

Task<void> DrainedPipe::ended() {
  while (!state_->has_ended)
    co_await state_->at_end.wait();
}

}  // namespace firn::aio
