// SPDX-License-Identifier: Apache-2.0
// A NAR in motion, pulled block by block. Nobody ever holds a whole one.
#pragma once

#include "aio/task.h"
#include "base/bytes.h"

namespace firn::store {

/// The bytes of one NAR, from wherever they are.
class NarStream {
 public:
  NarStream() = default;
  NarStream(const NarStream&) = delete;
  NarStream& operator=(const NarStream&) = delete;
  virtual ~NarStream() = default;

  /// The next block, valid until the next call; empty = the end. Throws Error where the bytes
  /// cannot be had or are wrong.
  virtual aio::Task<Bytes> next() = 0;
};

}  // namespace firn::store
