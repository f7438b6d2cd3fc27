// SPDX-License-Identifier: Apache-2.0
#include "nix/narinfo.h"
#include "nix/signature.h"
#include "support/golden.h"
#include "support/mutations.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

namespace fs = std::filesystem;
using NarInfoGolden = testing::GoldenTest;
using PathInfoGolden = testing::GoldenTest;

Json golden_json(const fs::path& file) {
  return parse_json(testing::read_golden(file));
}

std::vector<fs::path> narinfos() {
  std::vector<fs::path> files = testing::golden_files("nar-info", ".narinfo");
  for (const char* cache : {"uncompressed", "xz"}) {
    const auto more =
        testing::golden_files(fs::path("captured-nix-2.8.0/binary-cache") / cache, ".narinfo");
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

PathInfoPart part_of(const fs::path& file) {
  return file.filename().string().find("impure") == std::string::npos ? PathInfoPart::pure
                                                                      : PathInfoPart::all;
}

/// The store path of these vectors, which are JSON without one.
StorePath sample_path() {
  return StorePath::from_base_name("n5wkd9frr45pa74if5gpz9j7mifg27fh-foo");
}

TEST_F(NarInfoGolden, PrintsWhatItRead) {
  for (const fs::path& file : narinfos()) {
    SCOPED_TRACE(file);
    const std::string text = testing::read_golden(file);
    EXPECT_EQ(to_text(parse_narinfo(text)), text);
  }
}

TEST_F(NarInfoGolden, EveryCutBeforeItsReferencesIsAnError) {
  for (const fs::path& file : narinfos()) {
    SCOPED_TRACE(file);
    const auto parse = [](const std::string& text) { parse_narinfo(text); };
    const std::string text = testing::read_golden(file);
    const std::string up_to_size = text.substr(0, text.find("References:"));
    testing::expect_every_cut_fails(up_to_size, parse);
  }
}

TEST_F(NarInfoGolden, SignaturesOfARealCache) {
  const fs::path cache = "captured-nix-2.8.0/binary-cache";
  const Json key = golden_json(cache / "test-cache-1.key.json");
  const auto secret = SecretKey::parse(key.at("secretKey").get<std::string>());
  const auto trusted = TrustedKeys::parse(key.at("publicKey").get<std::string>());
  const Json facts = golden_json(cache / "fingerprints.json");
  std::size_t verified = 0;
  for (const fs::path& file : narinfos()) {
    const PathInfo info = parse_narinfo(testing::read_golden(file)).info;
    if (!facts.contains(info.path.str())) continue;
    SCOPED_TRACE(file);
    const Json& fact = facts.at(info.path.str());
    EXPECT_EQ(fingerprint(info), fact.at("fingerprint").get<std::string>());
    EXPECT_EQ(secret.sign(fingerprint(info)), fact.at("signature").get<std::string>());
    EXPECT_EQ(trusted.count_valid(fingerprint(info), info.signatures), 1U);
    ++verified;
  }
  EXPECT_EQ(verified, facts.size());
}

TEST_F(NarInfoGolden, TravelsAsJson) {
  for (const int number : {1, 2, 3}) {
    const auto format = static_cast<PathInfoFormat>(number);
    const fs::path folder = "nar-info/json-" + std::to_string(number);
    for (const fs::path& file : testing::golden_files(folder, ".json")) {
      SCOPED_TRACE(file);
      const Json json = golden_json(file);
      const NarInfo narinfo = narinfo_from(JsonPlace(json), sample_path());
      if (json.contains("version")) {
        EXPECT_EQ(to_json(narinfo, format, part_of(file)), json);
      }
    }
  }
}

TEST_F(NarInfoGolden, JsonSaysWhatTheFileSays) {
  NarInfo from_file = parse_narinfo(testing::read_golden("nar-info/manual-example.narinfo"));
  const Json json = golden_json("nar-info/json-3/impure.json");
  const NarInfo from_json = narinfo_from(JsonPlace(json), sample_path());
  from_file.info.registration_time = from_json.info.registration_time;
  from_file.info.ultimate = from_json.info.ultimate;
  from_file.url = from_file.url.substr(0, from_file.url.find('?'));
  EXPECT_EQ(from_file, from_json);
}

TEST_F(PathInfoGolden, TravelsAsJson) {
  for (const int number : {1, 2, 3}) {
    const auto format = static_cast<PathInfoFormat>(number);
    const fs::path folder = "path-info/json-" + std::to_string(number);
    for (const fs::path& file : testing::golden_files(folder, ".json")) {
      SCOPED_TRACE(file);
      const Json json = golden_json(file);
      const PathInfo info = path_info_from(JsonPlace(json), sample_path());
      if (json.contains("version")) {
        EXPECT_EQ(to_json(info, format, part_of(file)), json);
      }
    }
  }
}

TEST_F(PathInfoGolden, MissingVersionMeansTheFirst) {
  for (const char* family : {"path-info", "nar-info"}) {
    Json json = golden_json(fs::path(family) / "json-1/pure_noversion.json");
    const PathInfo info = path_info_from(JsonPlace(json), sample_path());
    json["version"] = 1;
    json["storeDir"] = kStoreDir;
    EXPECT_EQ(to_json(info, PathInfoFormat::v1, PathInfoPart::pure), json);
  }
}

TEST_F(PathInfoGolden, WithItsPath) {
  for (const Json& json : golden_json("worker-protocol/valid-path-info-1.16.json"))
    EXPECT_EQ(keyed_json(keyed_path_info_from(JsonPlace(json))), json);
}

}  // namespace
}  // namespace firn::nix
