// SPDX-License-Identifier: Apache-2.0
// A NAR that is kept until its hash and size are known: what the export stream asks of its reader.
#pragma once

#include "aio/loop.h"
#include "base/fd.h"
#include "base/hash.h"
#include "store/nar_stream.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace firn::store {

/// First taken in, then given out, once each. Small ones stay in memory; the others lie in a file
/// without a name in $TMPDIR or /var/tmp, gone with this object.
class SpooledNar final : public NarStream {
 public:
  /// What is held in memory.
  static constexpr std::size_t kBlock = std::size_t{512} << 10U;

  explicit SpooledNar(aio::Loop& loop);

  /// Reads all of `nar`. Throws Error{resource} where the disk is full.
  aio::Task<void> take(NarStream& nar);

  /// Of what was taken.
  const Hash& hash() const;

  std::uint64_t size() const { return size_; }

  aio::Task<Bytes> next() override;

 private:
  aio::Task<void> append(Bytes piece);
  aio::Task<void> flush();

  aio::Loop& loop_;
  std::optional<Hash> hash_;
  std::uint64_t size_ = 0;
  /// On disk: bytes written, and of them those given out.
  std::uint64_t written_ = 0;
  std::uint64_t given_ = 0;
  // Pool work that is abandoned lives on with what it uses.
  std::shared_ptr<Fd> file_;
  std::vector<std::byte> block_;
};

}  // namespace firn::store
