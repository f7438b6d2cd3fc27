// SPDX-License-Identifier: Apache-2.0
// Bytes as Nix means them: a string may hold any byte, and a view of bytes is a std::string_view.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace firn {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace firn
