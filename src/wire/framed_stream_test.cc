// SPDX-License-Identifier: Apache-2.0
#include "wire/framed_stream.h"

#include "base/error.h"
#include "support/wire_checks.h"

#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::wire {
namespace {

struct Read {
  std::string payload;
  std::size_t consumed = 0;
  std::uint64_t missing = 0;
};

/// Feeds `piece` bytes at a time.
Read read_in_pieces(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  Read read;
  std::size_t arrived = 0;
  for (;;) {
    const auto step = reader.feed(bytes.substr(read.consumed, arrived - read.consumed));
    read.payload += step.payload;
    read.consumed += step.progress.consumed;
    read.missing = step.progress.missing;
    if (step.progress.done) return read;
    if (read.missing == 0) continue;
    if (arrived == bytes.size()) return read;
    arrived = std::min(arrived + piece, bytes.size());
  }
}

TEST(FramedStream, ArrivesHoweverItIsCut) {
  std::mt19937 random(7);
  for (const std::size_t size : {0U, 1U, 100U, 32'768U, 32'769U, 200'000U}) {
    std::string payload(size, '\0');
    for (char& c : payload)
      c = static_cast<char>(random());
    std::string bytes;
    append_frames(bytes, std::string_view(payload).substr(0, size / 3));
    append_frames(bytes, std::string_view(payload).substr(size / 3));
    append_frames_end(bytes);
    for (const std::size_t piece : {1U, 7U, 4096U, 1'000'000U}) {
      const auto read = read_in_pieces(bytes + "more", piece);
      EXPECT_EQ(read.payload == payload, true) << size << " in pieces of " << piece;
      EXPECT_EQ(read.consumed, bytes.size());
    }
  }
}

TEST(FramedStream, FramesAreOfBoundedSize) {
  std::string bytes;
  append_frames(bytes, std::string(kFrameSize + 1, 'x'));
  EXPECT_EQ(bytes.size(), 8 + kFrameSize + 8 + 1);
  bytes.clear();
  append_frames(bytes, "");
  EXPECT_EQ(bytes, "");
}

TEST(FramedStream, CutOnesAskForMoreAndChangedOnesAreNoDisaster) {
  std::string bytes;
  append_frames(bytes, "one frame");
  append_frames(bytes, "and another");
  append_frames_end(bytes);
  const auto missing = [](std::string_view some) { return read_in_pieces(some, 1000).missing; };
  testing::expect_asks_for_more(bytes, missing);
  testing::expect_survives_changes(bytes, missing);
}

TEST(FramedStream, LengthsHave32Bits) {
  std::string bytes;
  Encoder(bytes).u64(0xffff'ffff);
  FrameReader reader;
  const auto step = reader.feed(bytes);
  EXPECT_EQ(step.progress.consumed, 8U);
  EXPECT_EQ(step.progress.missing, 1U);
  bytes.clear();
  Encoder(bytes).u64(0x1'0000'0000);
  EXPECT_THROW(FrameReader().feed(bytes), Error);
}

}  // namespace
}  // namespace firn::wire
