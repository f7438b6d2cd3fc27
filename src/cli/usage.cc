// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.h"

#include "base/nearest.h"

#include <string>

#include <fmt/format.h>

namespace firn::cli {

Exit usage_error(std::string_view command, std::string_view text) {
  return {.code = ExitCode::usage,
          .text = fmt::format("error: {}\nfirn {} --help tells more.\n", text, command)};
}

Error unknown_word(std::string_view command,
                   std::string_view word,
                   std::span<const std::string_view> known_options) {
  if (!word.starts_with('-')) {
    return {Kind::invalid, fmt::format("firn {} does not know what '{}' is for", command, word)};
  }
  const auto option = word.substr(0, word.find('='));
  const auto meant = nearest(option, known_options);
  return {Kind::invalid,
          fmt::format("firn {} has no option '{}'{}",
                      command,
                      option,
                      meant ? fmt::format("; did you mean {}?", *meant) : std::string())};
}

}  // namespace firn::cli
