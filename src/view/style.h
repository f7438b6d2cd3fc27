// SPDX-License-Identifier: Apache-2.0
// How text looks: colours by meaning, and the few signs beyond ASCII, each with a plain stand-in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::view {

/// What a piece of text means; the colour follows.
enum class Role : std::uint8_t { plain, strong, dim, good, bad, warning, moving };

/// What the terminal can show, or its owner wants to see.
struct Style {
  bool colour = false;
  bool unicode = false;
};

/// `text` in the role's colour; as it is where there is none.
std::string paint(const Style& style, Role role, std::string_view text);

/// The signs of a style.
struct Signs {
  std::string_view built;
  std::string_view failed;
  std::string_view again;
  std::string_view attention;
  std::string_view sent;
  std::string_view received;
  /// A slot in which nothing runs.
  std::string_view idle;
  std::string_view separator;
  std::string_view ellipsis;
  /// In front of each line of a build's log.
  std::string_view log_margin;
  /// A cell of the progress bar.
  std::string_view bar_built;
  std::string_view bar_failed;
  std::string_view bar_running;
  std::string_view bar_rest;
};

const Signs& signs_of(const Style& style);

}  // namespace firn::view
