// SPDX-License-Identifier: Apache-2.0
#include "wire/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::testing::HasSubstr;

DecodeResult<std::uint64_t> decode_word(std::string_view bytes, std::uint64_t offset) {
  Decoder io(bytes, offset);
  std::uint64_t value = 0;
  io.u64(value);
  if (io.is_short()) return Short{io.missing()};
  return Decoded<std::uint64_t>{.value = value, .consumed = io.consumed()};
}

TEST(Replay, JoinsPiecesWhereARecordNeedsThem) {
  std::string bytes;
  Encoder io(bytes);
  for (const std::uint64_t word : {7U, 8U, 9U})
    io.u64(word);
  const std::string_view all(bytes);
  Replay stream({all.substr(0, 3), all.substr(3, 2), {}, all.substr(5, 15), all.substr(20)});

  EXPECT_EQ(take(stream, decode_word), 7U);
  EXPECT_EQ(take(stream, decode_word), 8U);
  EXPECT_EQ(stream.offset(), 16U);
  EXPECT_FALSE(stream.is_at_end());
  EXPECT_EQ(take(stream, decode_word), 9U);
  EXPECT_TRUE(stream.is_at_end());
  EXPECT_EQ(stream.offset(), 24U);
}

TEST(Replay, SaysWhereItEndsTooEarly) {
  const std::string bytes(13, '\0');
  Replay stream({bytes});
  take(stream, decode_word);
  try {
    take(stream, decode_word);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    EXPECT_THAT(
        error.message(),
        HasSubstr("at byte 13 of the stream: expected at least 3 more bytes of what begins at byte "
                  "8, got the end"));
  }
}

}  // namespace
}  // namespace firn::wire
