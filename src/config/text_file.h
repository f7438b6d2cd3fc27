// SPDX-License-Identifier: Apache-2.0
// A configuration file's text.
#pragma once

#include <filesystem>
#include <string>

namespace firn::config {

/// Throws Error where the file cannot be read, {not_found} where there is none, {resource} where it
/// is longer than 16 MiB.
std::string load_text(const std::filesystem::path& file);

}  // namespace firn::config
