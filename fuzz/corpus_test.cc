// SPDX-License-Identifier: Apache-2.0
// Replays seeds and corpora without a fuzzer: what was found once never comes back.
#include "targets.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace firn::fuzz {
namespace {

class Corpus : public ::testing::TestWithParam<Target> {};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

TEST_P(Corpus, EndsInValuesOrErrors) {
  const Target& target = GetParam();
  const auto seeds = target.seeds();
  EXPECT_FALSE(seeds.empty());
  for (const auto& seed : seeds) {
    target.read(seed);
    target.read(std::string_view(seed).substr(0, seed.size() / 2));
  }
  target.read({});
  for (const auto& file : files_of(std::filesystem::path(FIRN_FUZZ_CORPUS) / target.name)) {
    SCOPED_TRACE(file);
    std::ifstream in(file, std::ios::binary);
    target.read(std::string(std::istreambuf_iterator<char>(in), {}));
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, ::testing::ValuesIn(all_targets()), [](const auto& chosen) {
  std::string name(chosen.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace firn::fuzz
