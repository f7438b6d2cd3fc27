// SPDX-License-Identifier: Apache-2.0
// A NAR of the local store that must be as long as the store says.
#pragma once

#include "nix/path_info.h"
#include "store/nar_stream.h"

#include <cstdint>

namespace firn::store {

/// Passes the blocks of another stream on. A receiver that was told the size never gets a byte
/// more, nor an end before it. Throws Error{conflict} naming the path where the files have changed.
class ExactNar final : public NarStream {
 public:
  /// Borrows both.
  ExactNar(NarStream& source, const nix::PathInfo& info) : source_(source), info_(info) {}

  aio::Task<Bytes> next() override;

 private:
  NarStream& source_;
  const nix::PathInfo& info_;
  std::uint64_t passed_ = 0;
};

}  // namespace firn::store
