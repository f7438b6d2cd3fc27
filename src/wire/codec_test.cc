// SPDX-License-Identifier: Apache-2.0
#include "wire/codec.h"

#include "base/error.h"
#include "wire/quote.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

constexpr const char* kPath = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo";

template <class Write>
std::string encoded(Write write) {
  std::string out;
  Encoder io(out);
  write(io);
  return out;
}

TEST(Encoder, WritesLittleEndianWordsAndPaddedTexts) {
  EXPECT_EQ(encoded([](Encoder& io) { io.u64(0x0102030405060708); }),
            "\x08\x07\x06\x05\x04\x03\x02\x01"s);
  EXPECT_EQ(encoded([](Encoder& io) { io.text("hi", kNameLimit); }),
            "\x02\0\0\0\0\0\0\0hi\0\0\0\0\0\0"s);
  EXPECT_EQ(encoded([](Encoder& io) { io.text("", kNameLimit); }), std::string(8, '\0'));
  EXPECT_EQ(encoded([](Encoder& io) { io.text("12345678", kNameLimit); }).size(), 16U);
}

TEST(Encoder, HoldsTimesWithinTheirField) {
  using std::chrono::seconds;
  const auto most = encoded([](Encoder& io) { io.u64(0xffffffff); });
  const auto zero = encoded([](Encoder& io) { io.u64(0); });
  EXPECT_EQ(encoded([](Encoder& io) { io.seconds(seconds(1LL << 40)); }), most);
  EXPECT_EQ(encoded([](Encoder& io) { io.seconds(seconds(-1)); }), zero);
  EXPECT_EQ(encoded([](Encoder& io) { io.time(WallTime(seconds(-1))); }), zero);
}

TEST(Decoder, TakesAnyNumberButZeroAsTrue) {
  const auto bytes = encoded([](Encoder& io) { io.u64(5); });
  bool value = false;
  Decoder(bytes).boolean(value);
  EXPECT_TRUE(value);
}

TEST(Decoder, StaysShortAndSaysHowMuchIsMissing) {
  const auto bytes = encoded([](Encoder& io) { io.text("white rabbit", kNameLimit); });
  Decoder io(std::string_view(bytes).substr(0, 10));
  std::string text = "untouched";
  std::uint64_t number = 7;
  io.text(text, kNameLimit);
  EXPECT_TRUE(io.is_short());
  EXPECT_EQ(io.missing(), 14U);
  io.u64(number);
  EXPECT_EQ(number, 7U);
  EXPECT_EQ(io.missing(), 14U);
}

TEST(Decoder, ListsMissWhatTheirItemsTakeAtLeast) {
  const auto bytes = encoded([](Encoder& io) { io.u64(1000); });
  Decoder io(bytes);
  nix::StorePathSet paths;
  io.paths(paths);
  EXPECT_EQ(io.missing(), 56'000U);
}

TEST(Decoder, ListsAreReadAsFarAsTheyGo) {
  const std::vector<std::string> sent = {"a", "", "c"};
  const auto bytes = encoded([&](Encoder& io) { io.texts(sent, kNameLimit); });
  std::vector<std::string> arrived;
  Decoder io(bytes);
  io.texts(arrived, kNameLimit);
  EXPECT_EQ(arrived, sent);
  EXPECT_EQ(io.consumed(), bytes.size());
}

struct BadBytes {
  const char* name;
  std::function<void(Encoder&)> write;
  std::function<void(Decoder&)> read;
  const char* message;
};

void read_text(Decoder& io) {
  std::string text;
  io.text(text, kNameLimit);
}

void read_u32(Decoder& io) {
  std::uint32_t number = 0;
  io.u32(number);
}

void read_path(Decoder& io) {
  auto path = blank<nix::StorePath>();
  io.path(path);
}

void read_drv_path(Decoder& io) {
  auto path = blank<nix::DrvPath>();
  io.path(path);
}

void read_paths(Decoder& io) {
  nix::StorePathSet paths;
  io.paths(paths);
}

const std::vector<BadBytes> kBadBytes = {
    {"wide number",
     [](Encoder& io) { io.u64(1ULL << 32U); },
     read_u32,
     "at most 32 bits, got 4294967296"},
    {"wide status",
     [](Encoder& io) { io.u64(256); },
     [](Decoder& io) {
       std::uint8_t number = 0;
       io.u8(number);
     },
     "at most 8 bits, got 256"},
    {"late time",
     [](Encoder& io) { io.u64(1ULL << 60U); },
     [](Decoder& io) {
       WallTime time{};
       io.time(time);
     },
     "a time before the year 10000"},
    {"other constant",
     [](Encoder& io) { io.u64(2); },
     [](Decoder& io) { io.constant(1, "an acknowledgement"); },
     "expected an acknowledgement (0x1), got 0x2"},
    {"long text",
     [](Encoder& io) { io.u64(4097); },
     read_text,
     "a name of at most 4096 bytes, got a length of 4097"},
    {"padding",
     [](Encoder& io) {
       io.u64(7);
       io.u64(1ULL << 63U);
     },
     read_text,
     "non-zero padding"},
    {"no path",
     [](Encoder& io) { io.text("/tmp/x", kPathLimit); },
     read_path,
     "a store path, got '/tmp/x': "},
    {"no derivation",
     [](Encoder& io) { io.text(kPath, kPathLimit); },
     read_drv_path,
     "the path of a derivation"},
    {"long list",
     [](Encoder& io) { io.u64((1U << 22U) + 1); },
     read_paths,
     "at most 4194304 items"},
    {"big record",
     [](Encoder& io) { io.u64(1U << 22U); },
     read_paths,
     "a record of at most 134217728 bytes"},
};

TEST(Decoder, NamesPlaceAndExpectationOfWhatIsWrong) {
  for (const auto& bad : kBadBytes) {
    std::string bytes = "skipped!";
    Encoder out(bytes);
    bad.write(out);
    Decoder io(bytes, 1000);
    std::uint64_t skipped = 0;
    io.u64(skipped);
    try {
      bad.read(io);
      ADD_FAILURE() << bad.name << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Kind::protocol) << bad.name;
      EXPECT_THAT(error.message(), HasSubstr("at byte 1008 of the stream: expected"));
      EXPECT_THAT(error.message(), HasSubstr(bad.message));
    }
  }
}

TEST(Decoder, RefusesOnTheLengthAlone) {
  const auto bytes = encoded([](Encoder& io) { io.u64(~0ULL); });
  Decoder io(bytes);
  EXPECT_THROW(read_text(io), Error);
}

TEST(InQuotes, ShowsWhatAPersonCanRead) {
  EXPECT_EQ(in_quotes("plain"), "'plain'");
  EXPECT_EQ(in_quotes("it's\n\x1b[0m\xff\\"), "'it\\'s\\n\\x1b[0m\\xff\\\\'");
  EXPECT_EQ(in_quotes("abcdef", 4), "'abcd' and 2 more bytes");
}

}  // namespace
}  // namespace firn::wire
