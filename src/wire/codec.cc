// SPDX-License-Identifier: Apache-2.0
#include "wire/codec.h"

#include "base/error.h"
#include "wire/quote.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace firn::wire {

namespace {

constexpr std::size_t kWord = 8;
/// The last second of the year 9999: beyond it, arithmetic on times would overflow somewhere.
constexpr std::uint64_t kLatestTime = 253'402'300'799;

constexpr std::array<std::byte, 16> kNoDigest{};

constexpr std::uint64_t padding_of(std::uint64_t length) {
  return (kWord - length % kWord) % kWord;
}

std::uint64_t word_at(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kWord; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return value;
}

}  // namespace

template <>
Hash blank<Hash>() {
  return {HashAlgorithm::md5, kNoDigest};
}

template <>
nix::StorePath blank<nix::StorePath>() {
  return nix::StorePath::from_base_name("00000000000000000000000000000000-blank");
}

template <>
nix::DrvPath blank<nix::DrvPath>() {
  return nix::DrvPath(nix::StorePath::from_base_name("00000000000000000000000000000000-blank.drv"));
}

void Encoder::u64(std::uint64_t value) {
  std::array<char, kWord> word{};
  for (std::size_t i = 0; i < kWord; ++i)
    word[i] = static_cast<char>(value >> (8 * i) & 0xffU);
  out_.append(word.data(), word.size());
}

void Encoder::seconds(std::chrono::seconds value) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  u64(static_cast<std::uint64_t>(std::clamp<std::int64_t>(value.count(), 0, kMost)));
}

void Encoder::time(WallTime value) {
  u64(static_cast<std::uint64_t>(std::max<std::int64_t>(value.time_since_epoch().count(), 0)));
}

void Encoder::text(std::string_view value, Limit /*limit*/) {
  u64(value.size());
  out_.append(value);
  out_.append(padding_of(value.size()), '\0');
}

void Encoder::path(const nix::StorePath& value) {
  text(value.str(), kPathLimit);
}

void Encoder::path(const nix::DrvPath& value) {
  path(value.path());
}

void Encoder::optional_path(const std::optional<nix::StorePath>& value) {
  text(value ? value->str() : std::string(), kPathLimit);
}

void Encoder::paths(const nix::StorePathSet& values) {
  u64(values.size());
  for (const auto& value : values)
    path(value);
}

void Encoder::texts(const std::vector<std::string>& values, Limit limit) {
  u64(values.size());
  for (const auto& value : values)
    text(value, limit);
}

bool Decoder::take(std::uint64_t bytes) {
  if (is_short()) return false;
  const std::uint64_t left = bytes_.size() - position_;
  if (left < bytes) miss_also(bytes - left);
  return !is_short();
}

void Decoder::miss_also(std::uint64_t bytes) {
  missing_ += bytes;
  if (bytes_.size() + missing_ > kRecordLimit.value()) {
    fail(fmt::format("a record of at most {} bytes", kRecordLimit.value()), "more");
  }
}

void Decoder::u64(std::uint64_t& value) {
  field_ = position_;
  if (!take(kWord)) return;
  value = word_at(bytes_.substr(position_));
  position_ += kWord;
}

void Decoder::u32(std::uint32_t& value) {
  std::uint64_t wide = 0;
  u64(wide);
  if (wide > std::numeric_limits<std::uint32_t>::max()) {
    fail("a number of at most 32 bits", fmt::to_string(wide));
  }
  value = static_cast<std::uint32_t>(wide);
}

void Decoder::u8(std::uint8_t& value) {
  std::uint64_t wide = 0;
  u64(wide);
  if (wide > std::numeric_limits<std::uint8_t>::max()) {
    fail("a number of at most 8 bits", fmt::to_string(wide));
  }
  value = static_cast<std::uint8_t>(wide);
}

void Decoder::i64(std::int64_t& value) {
  std::uint64_t wide = 0;
  u64(wide);
  if (wide > std::numeric_limits<std::int64_t>::max()) {
    fail("a number of at most 63 bits", fmt::to_string(wide));
  }
  value = static_cast<std::int64_t>(wide);
}

void Decoder::boolean(bool& value) {
  std::uint64_t wide = 0;
  u64(wide);
  value = wide != 0;
}

void Decoder::constant(std::uint64_t value, std::string_view what) {
  std::uint64_t got = value;
  u64(got);
  if (got != value) fail(fmt::format("{} ({:#x})", what, value), fmt::format("{:#x}", got));
}

bool Decoder::tag() {
  std::uint64_t number = 0;
  u64(number);
  if (number > 1) fail("a value (1) or none (0)", fmt::to_string(number));
  return number == 1;
}

void Decoder::size(ByteCount& value) {
  std::uint64_t bytes = 0;
  u64(bytes);
  value = ByteCount(bytes);
}

void Decoder::seconds(std::chrono::seconds& value) {
  std::uint32_t count = 0;
  u32(count);
  value = std::chrono::seconds(count);
}

void Decoder::time(WallTime& value) {
  std::uint64_t count = 0;
  u64(count);
  if (count > kLatestTime) fail("a time before the year 10000", fmt::to_string(count));
  value = WallTime(std::chrono::seconds(count));
}

std::string_view Decoder::view(Limit limit) {
  std::uint64_t length = 0;
  u64(length);
  if (length > limit.bytes.value()) {
    fail(fmt::format("{} of at most {} bytes", limit.what, limit.bytes.value()),
         fmt::format("a length of {}", length));
  }
  const std::uint64_t padding = padding_of(length);
  if (!take(length + padding)) return {};
  const auto text = bytes_.substr(position_, length);
  if (bytes_.substr(position_ + length, padding).find_first_not_of('\0') !=
      std::string_view::npos) {
    fail(fmt::format("zeros after {}", limit.what), "non-zero padding");
  }
  position_ += length + padding;
  return text;
}

void Decoder::text(std::string& value, Limit limit) {
  value = view(limit);
}

void Decoder::path(nix::StorePath& value) {
  const auto text = view(kPathLimit);
  if (is_short()) return;
  try {
    value = nix::parse_store_path(text);
  } catch (const Error& error) {
    fail(kPathLimit.what, fmt::format("{}: {}", in_quotes(text), error.message()));
  }
}

void Decoder::path(nix::DrvPath& value) {
  auto any = value.path();
  path(any);
  if (!any.is_derivation()) fail("the path of a derivation", in_quotes(any.str()));
  value = nix::DrvPath(std::move(any));
}

void Decoder::optional_path(std::optional<nix::StorePath>& value) {
  const auto text = view(kPathLimit);
  value.reset();
  if (is_short() || text.empty()) return;
  try {
    value = nix::parse_store_path(text);
  } catch (const Error& error) {
    fail("a store path or nothing", fmt::format("{}: {}", in_quotes(text), error.message()));
  }
}

void Decoder::paths(nix::StorePathSet& values) {
  auto value = blank<nix::StorePath>();
  for (auto left = count(kLeastPath); left > 0; --left) {
    path(value);
    if (is_short()) return miss_also((left - 1) * kLeastPath);
    values.insert(values.end(), value);
  }
}

void Decoder::texts(std::vector<std::string>& values, Limit limit) {
  list(values, kWord, [&](std::string& value) { text(value, limit); });
}

std::uint64_t Decoder::count(std::uint64_t least_item) {
  std::uint64_t items = 0;
  u64(items);
  if (items > kCountLimit) {
    fail(fmt::format("at most {} items", kCountLimit), fmt::to_string(items));
  }
  return take(items * least_item) ? items : 0;
}

void Decoder::fail(std::string_view expected, std::string_view got) const {
  throw Error(
      Kind::protocol,
      fmt::format(
          "at byte {} of the stream: expected {}, got {}", base_offset_ + field_, expected, got));
}

}  // namespace firn::wire
