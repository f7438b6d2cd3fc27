// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_messages.h"

#include "base/error.h"
#include "support/wire_checks.h"
#include "support/worker_samples.h"

#include <string>
#include <string_view>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire::worker {
namespace {

using ::firn::testing::worker_protocols;
using ::firn::testing::WorkerSamples;

constexpr Protocol kNewest{.version = kNewestWorker, .features = {}};

std::string bytes_of(const Message& message, Protocol protocol) {
  std::string bytes;
  append_message(bytes, message, protocol);
  return bytes;
}

std::string error_of(std::string_view bytes, Protocol protocol = kNewest) {
  try {
    decode_message(bytes, protocol);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    return error.message();
  }
  return "no error";
}

auto reader(Protocol protocol) {
  return [protocol](std::string_view bytes) -> std::uint64_t {
    const auto result = decode_message(bytes, protocol);
    const auto* missing = std::get_if<Short>(&result);
    return missing == nullptr ? 0 : missing->missing;
  };
}

TEST(WorkerMessages, ArriveByEveryAgreement) {
  for (const Protocol protocol : worker_protocols()) {
    SCOPED_TRACE(protocol.str());
    WorkerSamples samples(protocol.version.number(), protocol);
    for (const auto& message : samples.messages()) {
      const auto bytes = bytes_of(message, protocol) + "more";
      const auto arrived = std::get<Decoded<Message>>(decode_message(bytes, protocol));
      EXPECT_EQ(arrived.value, testing::as_of(protocol, message));
      EXPECT_EQ(arrived.consumed, bytes.size() - 4);
    }
  }
}

TEST(WorkerMessages, CutOnesAskForMoreAndChangedOnesAreNoDisaster) {
  const auto all = worker_protocols();
  for (const Protocol protocol : {all.front(), all.back()}) {
    WorkerSamples samples(3, protocol);
    for (const auto& message : samples.messages()) {
      const auto bytes = bytes_of(message, protocol);
      testing::expect_asks_for_more(bytes, reader(protocol));
      testing::expect_survives_changes(bytes, reader(protocol));
    }
  }
}

TEST(WorkerMessages, RefusesWhatIsNone) {
  std::string tag;
  Encoder(tag).u64(0x1234);
  EXPECT_THAT(error_of(tag), ::testing::HasSubstr("at byte 0 "));
  std::string field;
  Encoder io(field);
  io.u64(ActivityResult::kTag);
  io.u64(7);
  io.u32(101);
  io.u64(1);
  io.u64(2);
  io.u64(0);
  EXPECT_THAT(error_of(field), ::testing::HasSubstr("a field of type 0 or 1, got 2"));
}

TEST(WorkerMessages, AFailureSaysThatItIsOne) {
  std::string other;
  Encoder io(other);
  io.u64(Failure::kTag);
  io.text("Warning", kNameLimit);
  io.u64(0);
  EXPECT_THAT(error_of(other), ::testing::HasSubstr("expected 'Error', got 'Warning'"));
  auto placed = bytes_of(Failure{}, kNewest);
  placed.at(placed.size() - 16) = 1;
  EXPECT_THAT(error_of(placed), ::testing::HasSubstr("no position of an error"));
}

TEST(WorkerMessages, CountsAreCheckedBeforeMemoryIsTaken) {
  std::string bytes;
  Encoder io(bytes);
  io.u64(ActivityResult::kTag);
  io.u64(7);
  io.u32(101);
  io.u64(1'000'000);
  const auto result = decode_message(bytes, kNewest);
  EXPECT_EQ(std::get<Short>(result).missing, 16'000'000U);
  bytes.resize(bytes.size() - 8);
  io.u64(std::uint64_t{1} << 60U);
  EXPECT_THAT(error_of(bytes), ::testing::HasSubstr("at most 4194304 items"));
}

TEST(WorkerMessages, PiecesAreAsLongAsWanted) {
  std::string bytes;
  append_piece(bytes, "abc");
  EXPECT_EQ(std::get<Decoded<std::string>>(decode_piece(bytes, ByteCount(3))).value, "abc");
  EXPECT_EQ(std::get<Short>(decode_piece(bytes.substr(0, 9), ByteCount(3))).missing, 7U);
  EXPECT_THROW(decode_piece(bytes, ByteCount(2)), Error);
  std::string empty;
  EXPECT_THROW(append_piece(empty, ""), Bug);
  Encoder(empty).u64(0);
  EXPECT_THROW(decode_piece(empty, ByteCount(2)), Error);
}

}  // namespace
}  // namespace firn::wire::worker
