// SPDX-License-Identifier: Apache-2.0
// Whether bytes are text, and what is made of them where they are not.
#pragma once

#include <string>
#include <string_view>

namespace firn {

/// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. NUL is well-formed.
bool is_utf8(std::string_view text);

/// What a database takes for text: each byte that belongs to no character, and each NUL, becomes
/// U+FFFD.
std::string to_clean_text(std::string_view text);

}  // namespace firn
