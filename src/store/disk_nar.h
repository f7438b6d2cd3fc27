// SPDX-License-Identifier: Apache-2.0
// The NAR of a path of the local store, straight from its files.
#pragma once

#include "aio/loop.h"
#include "store/nar_stream.h"

#include <memory>
#include <string>
#include <vector>

namespace firn::store {

/// Reads on the blocking pool, one block ahead of its consumer.
class DiskNar final : public NarStream {
 public:
  /// `path` is a file system path. Nothing is read yet.
  DiskNar(aio::Loop& loop, std::string path);
  ~DiskNar() override;

  aio::Task<Bytes> next() override;

 private:
  struct Reader;

  aio::Loop& loop_;
  // Pool work that is abandoned lives on with what it reads from.
  std::shared_ptr<Reader> reader_;
  std::vector<std::byte> block_;
};

}  // namespace firn::store
