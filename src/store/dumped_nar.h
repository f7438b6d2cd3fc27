// SPDX-License-Identifier: Apache-2.0
// The NAR that a peer sends in answer to a request.
#pragma once

#include "nix/nar_parser.h"
#include "store/nar_stream.h"
#include "store/peer.h"

#include <cstddef>
#include <functional>

namespace firn::store {

/// Hands out pieces of the peer's buffer; the parser finds the end. To be read to it: dropped
/// before, it leaves the peer unusable.
class DumpedNar final : public NarStream {
 public:
  /// Sends the request and reads up to the NAR.
  using Ask = std::function<aio::Task<void>()>;

  /// Throws as a conversation does. Nothing is asked before the first `next`.
  DumpedNar(Peer& peer, Ask ask);

  aio::Task<Bytes> next() override;

 private:
  Peer& peer_;
  Peer::Conversation conversation_;
  nix::NarVisitor visitor_;
  nix::NarParser parser_;
  /// Empty once it has been asked.
  Ask ask_;
  std::size_t handed_out_ = 0;
  bool has_ended_ = false;
};

}  // namespace firn::store
