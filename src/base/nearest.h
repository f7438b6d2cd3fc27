// SPDX-License-Identifier: Apache-2.0
// "Did you mean …?": the word that a misspelt one was most likely meant to be.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace firn {

/// The first of `words` that is nearest to `word` in letters changed, added, left out or swapped;
/// none where even that one differs in more than a third of its letters.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> words);

}  // namespace firn
