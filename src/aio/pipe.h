// SPDX-License-Identifier: Apache-2.0
// One end of a pipe or socket on the loop.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "base/bytes.h"
#include "base/fd.h"

#include <cstddef>
#include <memory>

namespace firn::aio {

/// Reads or writes a descriptor without blocking the loop. Owns it.
class PipeEnd {
 public:
  /// Sets O_NONBLOCK on `fd`.
  PipeEnd(Loop& loop, Fd fd);
  ~PipeEnd();
  PipeEnd(PipeEnd&&) noexcept;
  PipeEnd& operator=(PipeEnd&&) noexcept;

  /// 0 = end. Throws Error.
  Task<std::size_t> read_some(MutableBytes buffer);
  /// Writes at least one byte.
  Task<std::size_t> write_some(Bytes bytes);

  /// Writes all of `bytes`, at most PIPE_BUF, or nothing: a pipe takes so few whole.
  bool try_write(Bytes bytes);

  /// Tells the peer of a socket that no more will come.
  void close_write();

  /// Ends waits on it with Error{cancelled}.
  void close();
  bool is_open() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Both ends are close-on-exec; the far end stays blocking, for a child.
struct PipePair {
  Fd read;
  Fd write;
};

/// A pipe of up to `capacity` bytes, less where the system's limits say so. Throws Error.
PipePair make_pipe(std::size_t capacity);

}  // namespace firn::aio
