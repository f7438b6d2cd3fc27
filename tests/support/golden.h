// SPDX-License-Identifier: Apache-2.0
// Where golden vectors are found: FIRN_GOLDEN_DIR, else the nearest folder "shared/golden" beside
// this one or one above, which for a build folder is beside the source tree. They belong to others
// and are never copied into the project, so a golden test skips itself where they are absent.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace firn::testing {

inline std::filesystem::path golden_dir() {
  if (const char* chosen = std::getenv("FIRN_GOLDEN_DIR"); chosen != nullptr && *chosen != '\0') {
    return chosen;
  }
  auto folder = std::filesystem::current_path();
  while (folder.has_relative_path() && !std::filesystem::is_directory(folder / "shared/golden"))
    folder = folder.parent_path();
  return folder / "shared/golden";
}

/// The bytes of one vector, such as `read_golden("nars/dot.nar")`. Throws where it is absent.
inline std::string read_golden(const std::filesystem::path& relative) {
  std::ifstream in(golden_dir() / relative, std::ios::binary);
  if (!in) throw std::runtime_error("no golden vector " + relative.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The vectors directly in `folder` whose names end in `suffix`, sorted, relative to the golden
/// folder.
inline std::vector<std::filesystem::path> golden_files(const std::filesystem::path& folder,
                                                       std::string_view suffix) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(golden_dir() / folder)) {
    if (entry.is_regular_file() && entry.path().filename().string().ends_with(suffix)) {
      found.push_back(folder / entry.path().filename());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The fixture of every golden test: `using HashGolden = firn::testing::GoldenTest;
/// TEST_F(HashGolden, …)`.
class GoldenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(golden_dir())) {
      GTEST_SKIP() << "no golden vectors in " << golden_dir() << ": set FIRN_GOLDEN_DIR";
    }
  }
};

}  // namespace firn::testing
