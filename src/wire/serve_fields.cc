// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_fields.h"

#include "base/error.h"
#include "wire/quote.h"

#include <algorithm>
#include <cstdint>
#include <limits>

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

void max_log_size(Encoder& io, ByteCount size, ServeVersion version) {
  constexpr std::uint64_t kMostBefore = std::numeric_limits<std::uint32_t>::max();
  const bool wide = has(version, Since::wide_max_log_size);
  io.u64(wide ? size.value() : std::min(size.value(), kMostBefore));
}

void max_log_size(Decoder& io, ByteCount& size, ServeVersion /*version*/) {
  io.size(size);
}

template <>
nix::PathInfo blank<nix::PathInfo>() {
  return {.path = blank<nix::StorePath>(),
          .deriver = {},
          .references = {},
          .nar_hash = {},
          .nar_size = {},
          .ca = {},
          .signatures = {},
          .registration_time = {},
          .ultimate = false};
}

template <>
DumpStorePath blank<DumpStorePath>() {
  return {.path = blank<nix::StorePath>()};
}

template <>
BuildDerivation blank<BuildDerivation>() {
  return {.drv_path = blank<nix::DrvPath>(), .derivation = {}, .options = {}};
}

template <>
AddToStoreNar blank<AddToStoreNar>() {
  return {.info = blank<nix::PathInfo>()};
}

}  // namespace firn::wire
