// SPDX-License-Identifier: Apache-2.0
// Where views write: a terminal, a pipe, or a string in a test.
#pragma once

#include <cstddef>
#include <string_view>

namespace firn::view {

struct ScreenSize {
  std::size_t rows = 24;
  std::size_t columns = 80;

  friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};

/// Takes text as it is, escape sequences included. No function throws or waits for a reader: a view
/// must neither end nor hold up the run that it shows.
class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  virtual ~Screen() = default;

  /// Asked before every frame, as people resize their windows.
  virtual ScreenSize size() = 0;
  virtual void write(std::string_view text) = 0;
  /// Bytes that were written and that nobody has taken yet: whoever writes without end looks here.
  virtual std::size_t waiting() const = 0;
};

}  // namespace firn::view
