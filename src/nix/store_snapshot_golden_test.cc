// SPDX-License-Identifier: Apache-2.0
#include "nix/store_snapshot.h"
#include "support/golden.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

namespace fs = std::filesystem;
using StoreSnapshotGolden = testing::GoldenTest;

std::vector<fs::path> snapshots() {
  std::vector<fs::path> files = testing::golden_files("dummy-store", ".json");
  for (const auto& folder : fs::directory_iterator(testing::golden_dir() / "worker-substitution")) {
    const auto more =
        testing::golden_files("worker-substitution" / folder.path().filename(), ".json");
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

/// Some were written when path infos had an older format, which is read and never written.
void use_newest_format(Json& snapshot) {
  for (auto& [path, object] : snapshot.at("contents").items())
    object.at("info")["version"] = 3;
}

TEST_F(StoreSnapshotGolden, ReadsAndWrites) {
  for (const fs::path& file : snapshots()) {
    SCOPED_TRACE(file);
    Json json = parse_json(testing::read_golden(file));
    const StoreSnapshot snapshot = store_snapshot_from(JsonPlace(json));
    use_newest_format(json);
    EXPECT_EQ(to_json(snapshot), json);
  }
}

TEST_F(StoreSnapshotGolden, InfosFitTheirContents) {
  for (const fs::path& file : snapshots()) {
    SCOPED_TRACE(file);
    const Json json = parse_json(testing::read_golden(file));
    for (const auto& [path, object] : store_snapshot_from(JsonPlace(json)).objects) {
      const std::string nar = to_nar(object.contents);
      EXPECT_EQ(object.info.nar_size, ByteCount(nar.size())) << path.str();
      EXPECT_EQ(object.info.nar_hash, hash_of(HashAlgorithm::sha256, nar)) << path.str();
    }
  }
}

}  // namespace
}  // namespace firn::nix
