// SPDX-License-Identifier: Apache-2.0
// Bytes that nobody else should see: wiped when they are let go.
#pragma once

#include "base/bytes.h"

#include <string>
#include <string_view>

namespace firn {

/// Owns its bytes and overwrites them when destroyed or moved from. Cannot be copied, compared or
/// printed.
class Secret {
 public:
  /// Takes the bytes over; what is left in `value` is wiped.
  explicit Secret(std::string&& value);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  std::string_view reveal() const { return value_; }

 private:
  std::string value_;
};

/// Overwrites the whole buffer and leaves it empty.
void wipe(std::string& text);

}  // namespace firn
