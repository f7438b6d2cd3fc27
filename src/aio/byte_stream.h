// SPDX-License-Identifier: Apache-2.0
// Bytes both ways: the only thing a protocol needs to know of pipes, sockets and ssh.
#pragma once

#include "aio/phase.h"
#include "aio/task.h"
#include "base/bytes.h"
#include "base/units.h"

#include <cstddef>

namespace firn::aio {

/// A connected pair of byte flows. One reader and one writer at a time; both may wait at once.
/// Cancelling either leaves the stream in the middle of something: who owns the conversation closes
/// it then.
class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  /// At least one byte, as many as are there; 0 = the peer has closed its side. Throws
  /// Error{unavailable}.
  virtual Task<std::size_t> read_some(MutableBytes buffer) = 0;

  /// All of `bytes`. Throws Error{unavailable} where the peer has gone.
  virtual Task<void> write(Bytes bytes) = 0;

  /// Tells the peer that no more will come. Reading goes on.
  virtual void close_write() = 0;

  /// The peer may now be silent for so long, whatever watches over the progress: it has been given
  /// work. Zero takes that back.
  void allow_silence(Duration patience) { progress_.patience = patience; }

  /// Counts what has moved, both ways.
  const Progress& progress() const { return progress_; }

  ByteCount sent() const { return sent_; }

  ByteCount received() const { return received_; }

 protected:
  void count_sent(std::size_t bytes) {
    progress_.moved += bytes;
    sent_ += ByteCount(bytes);
  }

  void count_received(std::size_t bytes) {
    progress_.moved += bytes;
    received_ += ByteCount(bytes);
  }

 private:
  Progress progress_;
  ByteCount sent_;
  ByteCount received_;
};

}  // namespace firn::aio
