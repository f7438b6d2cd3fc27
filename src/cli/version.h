// SPDX-License-Identifier: Apache-2.0
// The version, as `firn --version` prints it.
#pragma once

namespace firn::cli {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace firn::cli
