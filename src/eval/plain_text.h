// SPDX-License-Identifier: Apache-2.0
// Other programs' words as plain text: no colours, nothing that moves a terminal's cursor.
#pragma once

#include <string>
#include <string_view>

namespace firn::eval {

/// Without escape sequences and control characters, and without blank lines at either end.
std::string plain_text(std::string_view text);

}  // namespace firn::eval
