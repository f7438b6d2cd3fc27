// SPDX-License-Identifier: Apache-2.0
// Lists as environment variables hold them: words with white space in between.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace firn::nix {

/// Refers to `text`.
inline std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r";
  std::vector<std::string_view> words;
  std::size_t begin = text.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

}  // namespace firn::nix
