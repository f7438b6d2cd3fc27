// SPDX-License-Identifier: Apache-2.0
// Bytes as text: base16, Nix's own base 32 and base64, and quoting for messages.
// Decoders throw Error{invalid} with the offset of the first bad character.
#pragma once

#include "base/bytes.h"

#include <string>
#include <string_view>

namespace firn {

/// The alphabet of Nix: no e, o, t, u.
inline constexpr std::string_view kNix32Alphabet = "0123456789abcdfghijklmnpqrsvwxyz";

std::string encode_base16(Bytes bytes);
std::string decode_base16(std::string_view text);

/// Least significant bits last, as Nix prints hashes.
std::string encode_nix32(Bytes bytes);
std::string decode_nix32(std::string_view text);

std::string encode_base64(Bytes bytes);
/// As lenient as Nix: stops at the first '=', skips newlines, needs no padding.
std::string decode_base64(std::string_view text);

/// 'text' as an error message shows it: control bytes as \xNN, cut after 120 bytes.
std::string in_quotes(std::string_view text);

}  // namespace firn
