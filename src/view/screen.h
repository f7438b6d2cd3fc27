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

/// Takes text as it is, escape sequences included. Neither function throws: a view must not end the
/// run that it shows.
class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  virtual ~Screen() = default;

  /// Asked before every frame, as people resize their windows.
  virtual ScreenSize size() = 0;
  virtual void write(std::string_view text) = 0;
};

}  // namespace firn::view
