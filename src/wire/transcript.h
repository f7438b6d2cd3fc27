// SPDX-License-Identifier: Apache-2.0
// A conversation that is over, step by step: each request with its reply. The two directions are
// read each for itself, so that pipelined requests find their replies.
#pragma once

#include "nix/json.h"
#include "wire/replay.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace firn::wire {

/// Bytes [begin, end) of a direction.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// A request and its reply.
struct TranscriptStep {
  /// Such as "handshake" or "build-derivation"; empty where not even that can be read.
  std::string name;
  ByteRange sent;
  ByteRange received;
  nix::Json request;
  /// What a daemon said before it replied; the last one says whether a reply follows.
  std::vector<nix::Json> messages;
  /// None where there is none.
  std::optional<nix::Json> reply;
  /// What is wrong with it, or where the recording ends; empty = nothing.
  std::string problem;
};

using TranscriptSink = std::function<void(const TranscriptStep& step)>;

/// The protocol is told by the first word that was sent. Never throws for what the streams hold:
/// where one direction cannot be read any further, its step says why, and the other one goes on
/// where that makes sense.
void read_transcript(Replay& sent, Replay& received, const TranscriptSink& sink);

}  // namespace firn::wire
