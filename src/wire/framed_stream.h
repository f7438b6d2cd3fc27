// SPDX-License-Identifier: Apache-2.0
// A stream of unknown length within the worker protocol: frames, each a length and so many bytes
// without padding, up to an empty one. Where frames end means nothing.
//
// The empty frame is sent whatever happens: a daemon that has given up reads on up to it before it
// says why. So whoever sends frames listens meanwhile, and on an error ends the stream at once.
#pragma once

#include "wire/codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firn::wire {

/// The most bytes that we put into one frame. As Nix does.
inline constexpr std::size_t kFrameSize = std::size_t{32} * 1024;

/// Appends `payload`, which is not copied more than once, in frames of at most kFrameSize bytes;
/// none where it is empty.
void append_frames(std::string& out, std::string_view payload);
/// Ends the stream.
void append_frames_end(std::string& out);

/// Takes a framed stream apart, piece by piece as it arrives, and holds nothing of it.
class FrameReader {
 public:
  /// `offset` is where the stream starts in what the peer sent, for messages.
  explicit FrameReader(std::uint64_t offset = 0) : offset_(offset) {}

  struct Step {
    /// Part of the stream, within the bytes that were fed. May be empty.
    std::string_view payload;
    /// `missing` is for the next length, or for one byte of payload.
    Progress progress;
  };

  /// `available` starts after what was consumed so far. One step takes at most one frame: feed
  /// again until something is missing, or the empty frame was there. Throws Error{protocol} for a
  /// length of more than 32 bits.
  Step feed(std::string_view available);

 private:
  std::uint64_t offset_;
  /// Of the frame that was begun.
  std::uint64_t left_ = 0;
  bool done_ = false;
};

}  // namespace firn::wire
