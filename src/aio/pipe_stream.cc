// SPDX-License-Identifier: Apache-2.0
#include "aio/pipe_stream.h"

#include "base/error.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace firn::aio {

namespace {

Fd replace_by_nothing(int number) {
  Fd original(::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!original) throw system_error(errno, "take over stdin and stdout");
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing || ::dup2(nothing.get(), number) < 0) throw system_error(errno, "open /dev/null");
  return original;
}

}  // namespace

PipeStream::PipeStream(Loop& loop, Fd in, Fd out) : in_(loop, std::move(in)) {
  out_.emplace(loop, std::move(out));
}

Task<std::size_t> PipeStream::read_some(MutableBytes buffer) {
  const std::size_t got = co_await in_.read_some(buffer);
  count_received(got);
  co_return got;
}

Task<void> PipeStream::write(Bytes bytes) {
  while (!bytes.empty()) {
    if (!out_) throw Error(Kind::unavailable, "write to a stream that is closed");
    const std::size_t put = co_await out_->write_some(bytes);
    count_sent(put);
    bytes = bytes.subspan(put);
  }
}

PipeStream take_standard_streams(Loop& loop) {
  Fd in = replace_by_nothing(STDIN_FILENO);
  return {loop, std::move(in), replace_by_nothing(STDOUT_FILENO)};
}

}  // namespace firn::aio
