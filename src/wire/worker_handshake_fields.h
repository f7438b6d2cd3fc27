// SPDX-License-Identifier: Apache-2.0
// The parts of the worker protocol's greeting, written once for both directions. Included by the
// sources of this layer only.
#pragma once

#include "wire/codec.h"
#include "wire/worker_handshake.h"
#include "wire/worker_version.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace firn::wire::worker {

/// "nixc" and "dxio", read as numbers.
inline constexpr std::uint64_t kClientMagic = 0x6e697863;
inline constexpr std::uint64_t kDaemonMagic = 0x6478696f;

void trust(Encoder& io, Trust value);
/// Nothing but the three values will do.
void trust(Decoder& io, Trust& value);

/// Both greetings are a magic number and a version.
template <class Io>
void hello_fields(Io& io, std::uint64_t magic, Fields<Io, std::uint32_t>& version) {
  io.constant(magic, "the magic number of a worker greeting");
  io.u32(version);
}

template <class Io>
void fields(Io& io, Fields<Io, FeatureSet>& features) {
  auto names = features.names();
  if constexpr (Io::kReads) names.clear();
  io.texts(names, kNameLimit);
  if constexpr (Io::kReads) features = FeatureSet::from_names(names);
}

template <class Io>
void fields(Io& io, Fields<Io, DaemonInfo>& info, Protocol protocol) {
  if (has(protocol, Since::nix_version)) {
    auto version = info.nix_version.value_or("");
    io.text(version, kNameLimit);
    if constexpr (Io::kReads) info.nix_version = std::move(version);
  }
  if (has(protocol, Since::trust)) trust(io, info.trust);
}

}  // namespace firn::wire::worker
