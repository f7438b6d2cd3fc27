// SPDX-License-Identifier: Apache-2.0
#include "store/receive_buffer.h"

#include "base/error.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

/// As a connection does: asks for room until `text` is in it.
void receive(ReceiveBuffer& buffer, std::string_view text) {
  while (!text.empty()) {
    const MutableBytes room = buffer.room(text.size());
    const std::size_t count = std::min(room.size(), text.size());
    std::memcpy(room.data(), text.data(), count);
    buffer.filled(count);
    text.remove_prefix(count);
  }
}

TEST(ReceiveBuffer, KeepsWhatIsNotDropped) {
  ReceiveBuffer buffer;
  receive(buffer, "hello world");
  buffer.drop(6);
  EXPECT_EQ(buffer.view(), "world");
  receive(buffer, "s");
  EXPECT_EQ(buffer.view(), "worlds");
  EXPECT_EQ(buffer.offset(), 6U);
}

TEST(ReceiveBuffer, MovesUnreadBytesToTheFront) {
  ReceiveBuffer buffer;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(3000, static_cast<char>('a' + i % 26));
    receive(buffer, piece);
    expected += piece;
    buffer.drop(2900);
    expected.erase(0, 2900);
    ASSERT_EQ(buffer.view(), expected);
  }
  EXPECT_EQ(buffer.offset(), 290'000U);
}

TEST(ReceiveBuffer, TakesNoMemoryForAnAnnouncedLength) {
  ReceiveBuffer buffer;
  EXPECT_LE(buffer.room(std::size_t{1} << 40U).size(), ReceiveBuffer::kSmallest);
}

TEST(ReceiveBuffer, HoldsAtMostTwiceWhatHasArrivedReady) {
  ReceiveBuffer buffer;
  const std::string piece(100'000, 'x');
  for (std::size_t arrived = 0; arrived < 3'000'000; arrived += piece.size()) {
    const std::size_t ready = buffer.room(std::size_t{1} << 40U).size();
    ASSERT_LE(ready, std::max(4 * ReceiveBuffer::kLargest, 2 * arrived)) << "after " << arrived;
    receive(buffer, piece);
  }
}

TEST(ReceiveBuffer, GivesTheMemoryOfABigRecordBack) {
  ReceiveBuffer buffer;
  receive(buffer, std::string(4'000'000, 'x'));
  buffer.drop(4'000'000);
  EXPECT_LE(buffer.room(1).size(), ReceiveBuffer::kSmallest);
  receive(buffer, "next");
  EXPECT_EQ(buffer.view(), "next");
}

TEST(ReceiveBuffer, DroppingMoreThanThereIsIsABug) {
  ReceiveBuffer buffer;
  receive(buffer, "abc");
  EXPECT_THROW(buffer.drop(4), Bug);
}

}  // namespace
}  // namespace firn::store
