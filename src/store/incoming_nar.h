// SPDX-License-Identifier: Apache-2.0
// The NAR that a client of ours is sending.
#pragma once

#include "nix/nar_parser.h"
#include "store/nar_stream.h"
#include "store/served_client.h"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace firn::store {

/// Hands out pieces of what arrives, up to the end that the grammar of NARs says. Throws
/// Error{invalid} for what is no NAR, and for one that is longer than announced.
class IncomingNar final : public NarStream {
 public:
  static constexpr std::uint64_t kAnySize = std::numeric_limits<std::uint64_t>::max();

  /// Borrows the client, of whom nothing else may be asked until `finish`. `size` is what was
  /// announced.
  explicit IncomingNar(ServedClient& client, std::uint64_t size = kAnySize);

  aio::Task<Bytes> next() override;

  /// Leaves the client's bytes behind what was announced, however little of it was used; where
  /// nothing was announced, behind the last piece that was handed out.
  aio::Task<void> finish();

 private:
  void drop_handed_out();

  ServedClient& client_;
  std::uint64_t left_;
  nix::NarVisitor visitor_;
  nix::NarParser parser_;
  std::size_t handed_out_ = 0;
};

}  // namespace firn::store
