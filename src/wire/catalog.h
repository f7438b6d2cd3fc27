// SPDX-License-Identifier: Apache-2.0
// Messages of a protocol under names, each with a way to read it as JSON: what `firn inspect wire`
// knows. serve_catalog.h and worker_catalog.h list them.
#pragma once

#include "nix/json.h"
#include "wire/replay.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace firn::wire {

/// One kind of message.
template <class Version>
struct MessageKind {
  /// Such as "build-result". A request ("build-derivation") begins with its number and includes
  /// what follows it; its reply is called "build-derivation-reply".
  std::string_view name;
  /// The minor version that it came with.
  std::uint8_t since = 0;
  /// Of requests.
  std::optional<std::uint8_t> number;
  /// Takes one from the front. Throws Error{protocol}; `out` then holds what could be read.
  void (*take)(nix::Json& out, Replay& stream, Version version);

  /// One that every version knows and that is no request.
  static constexpr MessageKind structure(std::string_view name, decltype(take) take_it) {
    return {.name = name, .since = 0, .number = {}, .take = take_it};
  }
};

/// Structures, greetings, and requests, each with its reply.
template <class Version>
using Catalog = std::span<const MessageKind<Version>>;

/// None where there is no message of this name.
template <class Version>
const MessageKind<Version>* find_message(Catalog<Version> catalog, std::string_view name) {
  const auto found = std::ranges::find(catalog, name, &MessageKind<Version>::name);
  return found == catalog.end() ? nullptr : &*found;
}

/// The request with this number; none where the protocol has none.
template <class Version>
const MessageKind<Version>* find_request(Catalog<Version> catalog, std::uint64_t number) {
  const auto found = std::ranges::find_if(
      catalog, [&](const auto& kind) { return kind.number && *kind.number == number; });
  return found == catalog.end() ? nullptr : &*found;
}

}  // namespace firn::wire
