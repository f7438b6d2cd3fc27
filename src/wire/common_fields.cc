// SPDX-License-Identifier: Apache-2.0
#include "wire/common_fields.h"

#include "base/error.h"
#include "wire/quote.h"

#include <fmt/format.h>

namespace firn::wire {

void nar_hash(Encoder& io, const std::optional<Hash>& hash, HashText form) {
  if (form == HashText::bare) {
    FIRN_CHECK(hash.has_value());
    io.text(hash->encode(HashForm::base16), kHashLimit);
  } else {
    io.text(hash ? hash->prefixed(HashForm::nix32) : std::string(), kHashLimit);
  }
}

void nar_hash(Decoder& io, std::optional<Hash>& hash, HashText form) {
  std::string text;
  io.text(text, kHashLimit);
  hash.reset();
  if (io.is_short() || (text.empty() && form == HashText::prefixed_or_nothing)) return;
  try {
    hash = parse_hash(text, HashAlgorithm::sha256);
  } catch (const Error& error) {
    io.fail("a SHA-256 hash", fmt::format("{}: {}", in_quotes(text), error.message()));
  }
}

void build_status(Encoder& io, nix::BuildStatus status) {
  io.u8(static_cast<std::uint8_t>(status));
}

void build_status(Decoder& io, nix::BuildStatus& status) {
  std::uint8_t number = 0;
  io.u8(number);
  status = static_cast<nix::BuildStatus>(number);
}

void optional_time(Encoder& io, std::optional<std::chrono::microseconds> time) {
  io.boolean(time.has_value());
  if (time) io.i64(time->count());
}

void optional_time(Decoder& io, std::optional<std::chrono::microseconds>& time) {
  std::int64_t count = 0;
  time.reset();
  if (!io.tag()) return;
  io.i64(count);
  time = std::chrono::microseconds(count);
}

}  // namespace firn::wire
