// SPDX-License-Identifier: Apache-2.0
#include "wire/framed_stream.h"

#include <algorithm>

namespace firn::wire {

void append_frames(std::string& out, std::string_view payload) {
  while (!payload.empty()) {
    const auto frame = payload.substr(0, kFrameSize);
    Encoder(out).u64(frame.size());
    out += frame;
    payload.remove_prefix(frame.size());
  }
}

void append_frames_end(std::string& out) {
  Encoder(out).u64(0);
}

FrameReader::Step FrameReader::feed(std::string_view available) {
  Step step;
  if (left_ == 0 && !done_) {
    Decoder io(available, offset_);
    std::uint32_t length = 0;
    io.u32(length);
    step.progress.missing = io.missing();
    if (io.is_short()) return step;
    step.progress.consumed = io.consumed();
    left_ = length;
    done_ = length == 0;
  }
  step.payload =
      available.substr(step.progress.consumed, std::min<std::uint64_t>(left_, available.size()));
  left_ -= step.payload.size();
  step.progress.consumed += step.payload.size();
  offset_ += step.progress.consumed;
  step.progress.done = done_;
  if (step.payload.empty() && !done_) step.progress.missing = 1;
  return step;
}

}  // namespace firn::wire
