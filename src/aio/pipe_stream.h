// SPDX-License-Identifier: Apache-2.0
// Two descriptors as one stream: for a program that speaks a protocol on its own stdin and stdout.
#pragma once

#include "aio/byte_stream.h"
#include "aio/loop.h"
#include "aio/pipe.h"
#include "base/fd.h"

#include <optional>

namespace firn::aio {

/// Any kind of descriptor will do, files too; both become non-blocking, for whoever else has them
/// as well.
class PipeStream final : public ByteStream {
 public:
  PipeStream(Loop& loop, Fd in, Fd out);

  Task<std::size_t> read_some(MutableBytes buffer) override;
  Task<void> write(Bytes bytes) override;

  void close_write() override { out_.reset(); }

 private:
  PipeEnd in_;
  std::optional<PipeEnd> out_;
};

/// What this process was started with as stdin and stdout. From then on nothing else of it gets
/// between the bytes: descriptors 0 and 1 are /dev/null.
PipeStream take_standard_streams(Loop& loop);

}  // namespace firn::aio
