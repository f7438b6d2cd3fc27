// SPDX-License-Identifier: Apache-2.0
// A NAR whose bytes are checked on the way against what was promised.
#pragma once

#include "aio/loop.h"
#include "base/hash.h"
#include "nix/path_info.h"
#include "store/nar_stream.h"

namespace firn::store {

/// Passes the blocks of another stream on. The last one is held back until hash and size are known
/// to be right, so that a receiver never has the whole of a wrong NAR. Throws Error{protocol}
/// naming the path and both values.
class VerifiedNar final : public NarStream {
 public:
  /// Borrows both. `info` must have a NAR hash.
  VerifiedNar(aio::Loop& loop, NarStream& source, const nix::PathInfo& info);

  aio::Task<Bytes> next() override;

 private:
  void check_end();

  aio::Loop& loop_;
  NarStream& source_;
  const nix::PathInfo& info_;
  Hasher hasher_;
  std::uint64_t passed_ = 0;
  bool ended_ = false;
};

}  // namespace firn::store
