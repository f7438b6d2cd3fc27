// SPDX-License-Identifier: Apache-2.0
// What every command says of a wrong command line.
#pragma once

#include "base/error.h"
#include "cli/exit_code.h"

#include <span>
#include <string_view>

namespace firn::cli {

/// `command` is "build", "inspect" and the like; its --help is pointed to.
Exit usage_error(std::string_view command, std::string_view text);

/// Error{invalid} about a word that the command has no place for; where it looks like an option,
/// with the nearest of those that it knows.
Error unknown_word(std::string_view command,
                   std::string_view word,
                   std::span<const std::string_view> known_options);

}  // namespace firn::cli
