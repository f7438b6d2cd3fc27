// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"

#include "base/error.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn {
namespace {

using ::testing::HasSubstr;

std::string message_of(std::string (*decode)(std::string_view), std::string_view text) {
  try {
    decode(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.message();
  }
  return "nothing was thrown";
}

std::string all_lengths(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(i * 37 + size * 11 + 200);
  return bytes;
}

TEST(Encoding, EveryLengthComesBack) {
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string bytes = all_lengths(size);
    EXPECT_EQ(decode_base16(encode_base16(as_bytes(bytes))), bytes);
    EXPECT_EQ(decode_nix32(encode_nix32(as_bytes(bytes))), bytes);
    EXPECT_EQ(decode_base64(encode_base64(as_bytes(bytes))), bytes);
  }
}

TEST(Encoding, KnownTexts) {
  EXPECT_EQ(encode_base16(as_bytes("\x01\xab")), "01ab");
  EXPECT_EQ(encode_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(encode_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(encode_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(encode_nix32(as_bytes("\x1f")), "0z");
}

TEST(Encoding, Base16ReadsBothCases) {
  EXPECT_EQ(decode_base16("aBCdEf"), "\xab\xcd\xef");
}

TEST(Encoding, Base16SaysWhereItIsBad) {
  EXPECT_THAT(message_of(decode_base16, "00g0"), HasSubstr("offset 2"));
  EXPECT_THAT(message_of(decode_base16, "000"), HasSubstr("odd"));
}

TEST(Encoding, Nix32RefusesForeignDigitsLengthsAndSpilledBits) {
  EXPECT_THAT(message_of(decode_nix32, "0e"), HasSubstr("offset 1"));
  EXPECT_THAT(message_of(decode_nix32, "0Z"), HasSubstr("offset 1"));
  EXPECT_THAT(message_of(decode_nix32, "0"), HasSubstr("no whole bytes"));
  EXPECT_THAT(message_of(decode_nix32, "z0"), HasSubstr("offset 0"));
}

TEST(Encoding, Base64IsLenientOnlyWhereNixIs) {
  EXPECT_EQ(decode_base64("Zm8"), "fo");
  EXPECT_EQ(decode_base64("Zm\n9v"), "foo");
  EXPECT_EQ(decode_base64("Zm8= whatever"), "fo");
  EXPECT_THAT(message_of(decode_base64, "Zm_8"), HasSubstr("offset 2"));
  EXPECT_THAT(message_of(decode_base64, "Zm 8"), HasSubstr("offset 2"));
}

TEST(InQuotes, HidesControlBytesAndCutsLongText) {
  EXPECT_EQ(in_quotes("a b"), "'a b'");
  EXPECT_EQ(in_quotes("a\n\x1b"), "'a\\x0a\\x1b'");
  EXPECT_THAT(in_quotes(std::string(1000, 'x')), HasSubstr("(1000 bytes)"));
  EXPECT_LT(in_quotes(std::string(1000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace firn
