// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"

#include "base/error.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace firn {

namespace {

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::string_view kBase16Alphabet = "0123456789abcdef";
constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using DigitTable = std::array<std::uint8_t, 256>;

constexpr DigitTable digit_table(std::string_view alphabet) {
  DigitTable table{};
  table.fill(kNoDigit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr DigitTable base16_table() {
  auto table = digit_table(kBase16Alphabet);
  for (std::uint8_t i = 0; i < 6; ++i)
    table[static_cast<std::size_t>('A') + i] = 10 + i;
  return table;
}

constexpr DigitTable kBase16Digits = base16_table();
constexpr DigitTable kNix32Digits = digit_table(kNix32Alphabet);
constexpr DigitTable kBase64Digits = digit_table(kBase64Alphabet);

std::uint8_t digit_at(const DigitTable& table,
                      std::string_view text,
                      std::size_t offset,
                      std::string_view form) {
  const auto character = static_cast<unsigned char>(text[offset]);
  const std::uint8_t digit = table[character];
  if (digit == kNoDigit) {
    throw Error(Kind::invalid,
                fmt::format("byte 0x{:02x} at offset {} is no {} digit", character, offset, form));
  }
  return digit;
}

std::uint8_t byte_at(Bytes bytes, std::size_t i) {
  return i < bytes.size() ? std::to_integer<std::uint8_t>(bytes[i]) : 0;
}

}  // namespace

std::string encode_base16(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += kBase16Alphabet[value >> 4U];
    text += kBase16Alphabet[value & 15U];
  }
  return text;
}

std::string decode_base16(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const unsigned high = digit_at(kBase16Digits, text, i, "base16");
    if (i + 1 == text.size()) {
      throw Error(Kind::invalid,
                  fmt::format("base16 text has an odd number of digits: {}", text.size()));
    }
    const unsigned low = digit_at(kBase16Digits, text, i + 1, "base16");
    bytes += static_cast<char>(high << 4U | low);
  }
  return bytes;
}

std::string encode_nix32(Bytes bytes) {
  const std::size_t length = (bytes.size() * 8 + 4) / 5;
  std::string text;
  text.reserve(length);
  for (std::size_t k = length; k-- > 0;) {
    const std::size_t bit = k * 5;
    const unsigned pair = static_cast<unsigned>(byte_at(bytes, bit / 8)) |
                          static_cast<unsigned>(byte_at(bytes, bit / 8 + 1)) << 8U;
    text += kNix32Alphabet[(pair >> (bit % 8)) & 31U];
  }
  return text;
}

std::string decode_nix32(std::string_view text) {
  const std::size_t size = text.size() * 5 / 8;
  if ((size * 8 + 4) / 5 != text.size()) {
    throw Error(Kind::invalid,
                fmt::format("nix32 text of {} digits holds no whole bytes", text.size()));
  }
  std::string bytes(size + 1, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned digit = digit_at(kNix32Digits, text, i, "nix32");
    const std::size_t bit = (text.size() - 1 - i) * 5;
    const unsigned pair = digit << (bit % 8);
    auto* at = reinterpret_cast<unsigned char*>(bytes.data()) + bit / 8;
    at[0] = static_cast<unsigned char>(at[0] | (pair & 0xffU));
    if (pair > 0xff) at[1] = static_cast<unsigned char>(at[1] | (pair >> 8U));
  }
  if (bytes.back() != '\0') {
    throw Error(Kind::invalid, "nix32 digit at offset 0 has bits beyond the last byte");
  }
  bytes.pop_back();
  return bytes;
}

std::string encode_base64(Bytes bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned triple = static_cast<unsigned>(byte_at(bytes, i)) << 16U |
                            static_cast<unsigned>(byte_at(bytes, i + 1)) << 8U |
                            static_cast<unsigned>(byte_at(bytes, i + 2));
    text += kBase64Alphabet[triple >> 18U];
    text += kBase64Alphabet[(triple >> 12U) & 63U];
    text += i + 1 < bytes.size() ? kBase64Alphabet[(triple >> 6U) & 63U] : '=';
    text += i + 2 < bytes.size() ? kBase64Alphabet[triple & 63U] : '=';
  }
  return text;
}

std::string decode_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve((text.size() + 3) / 4 * 3);
  unsigned pending = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < text.size() && text[i] != '='; ++i) {
    if (text[i] == '\n') continue;
    pending = (pending << 6U | digit_at(kBase64Digits, text, i, "base64")) & 0xffffU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(pending >> bits);
    }
  }
  return bytes;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 120;
  std::string shown = "'";
  for (const char character : text.substr(0, kShown)) {
    const auto value = static_cast<unsigned char>(character);
    if (value < 0x20 || value == 0x7f) {
      shown += fmt::format("\\x{:02x}", value);
    } else {
      shown += character;
    }
  }
  shown += text.size() > kShown ? fmt::format("…' ({} bytes)", text.size()) : "'";
  return shown;
}

}  // namespace firn
