// SPDX-License-Identifier: Apache-2.0
// Whether bytes are text.
#pragma once

#include <string_view>

namespace firn {

/// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. NUL is well-formed.
bool is_utf8(std::string_view text);

}  // namespace firn
