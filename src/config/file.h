// SPDX-License-Identifier: Apache-2.0
// The configuration file: where it is, what it says, what is wrong with it.
#pragma once

#include "config/problem.h"
#include "config/settings.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::config {

struct Configuration {
  /// Of keys without a problem; the defaults otherwise.
  Settings settings;
  /// In the order of the lines.
  std::vector<Problem> problems;
};

/// Never throws for bad input. `file` is the name in problems.
Configuration read_configuration(std::string_view text, std::string_view file);

/// Reads a file. Throws Error where it cannot be read.
Configuration load_configuration(const std::filesystem::path& file);

/// The file to use where none is named: firn/firn.toml in $XDG_CONFIG_HOME, or in ~/.config; then
/// /etc/firn/firn.toml; nothing where neither is there.
std::optional<std::filesystem::path> find_configuration();

/// A file that says what is true without it: every key with its default, commented out.
std::string default_file();

}  // namespace firn::config
