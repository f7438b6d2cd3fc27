// SPDX-License-Identifier: Apache-2.0
// What reading a folder of files costs at least, whoever reads it.
#pragma once

#include <filesystem>

namespace firn::bench {

/// Seconds of processor time that take what no reader of all files below `tree` can do without: to
/// open, stat, read and close each, and SHA-256 over what they hold. The names are known
/// beforehand. The best of several rounds.
double read_floor(const std::filesystem::path& tree);

}  // namespace firn::bench
