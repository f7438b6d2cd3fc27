// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "nix/derivation.h"
#include "support/golden.h"
#include "support/mutations.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;
using Json = nlohmann::json;
using Path = std::filesystem::path;
using DerivationGolden = testing::GoldenTest;

const Path kCaptured = "captured-nix-2.8.0/derivations";

bool is_template(const Path& file) {
  return file.filename().string().ends_with("-modulo.drv");
}

/// Parseable, and written by Nix itself.
std::vector<Path> canonical_files() {
  std::vector<Path> files;
  for (const Path& folder :
       {Path("derivation/ca"), Path("derivation/ia"), Path("derivation/hash-modulo"), kCaptured}) {
    for (const Path& file : testing::golden_files(folder, ".drv")) {
      if (!is_template(file)) files.push_back(file);
    }
  }
  files.emplace_back("derivation/simple-derivation.drv");
  files.emplace_back("derivation/dyn-dep-derivation.drv");
  return files;
}

void expect_common_fields(const BasicDerivation& drv, const Json& json) {
  EXPECT_EQ(drv.platform, json.at("system").get<std::string>());
  EXPECT_EQ(drv.builder, json.at("builder").get<std::string>());
  EXPECT_EQ(drv.args, json.at("args").get<std::vector<std::string>>());
  auto env = drv.env;
  if (json.contains("structuredAttrs")) {
    EXPECT_EQ(Json::parse(env.at("__json")), json.at("structuredAttrs"));
    env.erase("__json");
  }
  EXPECT_EQ(env, (json.at("env").get<std::map<std::string, std::string>>()));
}

std::set<std::string> base_names(const StorePathSet& paths) {
  std::set<std::string> names;
  for (const StorePath& path : paths)
    names.insert(path.base_name());
  return names;
}

std::map<std::string, std::set<std::string>> inputs_of(const Json& drvs) {
  std::map<std::string, std::set<std::string>> inputs;
  for (const auto& [path, needed] : drvs.items()) {
    inputs[path] = needed.at("outputs").get<std::set<std::string>>();
  }
  return inputs;
}

std::map<std::string, std::set<std::string>> inputs_of(const Derivation& drv) {
  std::map<std::string, std::set<std::string>> inputs;
  for (const auto& [path, names] : drv.input_derivations)
    inputs[path.path().base_name()] = names;
  return inputs;
}

TEST_F(DerivationGolden, ComesBackByteForByte) {
  for (const Path& file : canonical_files()) {
    const std::string text = testing::read_golden(file);
    EXPECT_EQ(to_aterm(parse_derivation(text)), text) << file;
  }
}

TEST_F(DerivationGolden, SaysWhatItsJsonSays) {
  int seen = 0;
  for (const Path& file : canonical_files()) {
    const Path sibling = Path(file).replace_extension(".json");
    if (!std::filesystem::exists(testing::golden_dir() / sibling)) continue;
    const Json json = Json::parse(testing::read_golden(sibling));
    if (!json.contains("inputs")) continue;
    SCOPED_TRACE(file);
    ++seen;
    const Derivation drv = parse_derivation(testing::read_golden(file));
    expect_common_fields(drv, json);
    EXPECT_EQ(base_names(drv.input_sources),
              json.at("inputs").at("srcs").get<std::set<std::string>>());
    EXPECT_EQ(inputs_of(drv), inputs_of(json.at("inputs").at("drvs")));
    EXPECT_EQ(drv.outputs.size(), json.at("outputs").size());
  }
  EXPECT_GE(seen, 5);
}

TEST_F(DerivationGolden, SaysWhatARealNixSays) {
  for (const Path& file : testing::golden_files(kCaptured, ".drv")) {
    SCOPED_TRACE(file);
    const Json json = Json::parse(testing::read_golden(Path(file).replace_extension(".json")))
                          .at("showDerivation2_8");
    const Derivation drv = parse_derivation(testing::read_golden(file));
    expect_common_fields(drv, json);
    for (const auto& [name, output] : json.at("outputs").items()) {
      const DerivationOutput& ours = drv.outputs.at(name);
      EXPECT_EQ(ours.path ? ours.path->str() : "", output.value("path", ""));
      EXPECT_EQ(ours.hash_algo, output.value("hashAlgo", ""));
      EXPECT_EQ(ours.hash, output.value("hash", ""));
    }
  }
}

TEST_F(DerivationGolden, UnsortedSamplesParse) {
  for (const char* file : {"derivation/hello.drv", "derivation-fuzz/hello-not-structured.drv"}) {
    const Derivation drv = parse_derivation(testing::read_golden(file));
    EXPECT_EQ(drv.platform, "x86_64-linux");
    EXPECT_EQ(parse_derivation(to_aterm(drv)), drv);
  }
}

TEST_F(DerivationGolden, RefusesTheBadOnes) {
  for (const char* file : {"derivation/bad-version.drv",
                           "derivation-fuzz/unterminated-string.drv",
                           "derivation/hash-modulo/intermediate-second-modulo.drv"}) {
    EXPECT_THROW(parse_derivation(testing::read_golden(file)), Error) << file;
  }
  const std::string bad_path = testing::read_golden("derivation/bad-ca-fixed-path.drv");
  EXPECT_NO_THROW(parse_derivation(bad_path));
  EXPECT_THROW(parse_derivation(bad_path, "fixed"), Error);
}

TEST_F(DerivationGolden, RequiredFeaturesFromBothPlaces) {
  for (const char* file : {"derivation/ca/advanced-attributes.drv",
                           "derivation/ia/advanced-attributes-structured-attrs.drv"}) {
    SchedulingAttributes attributes =
        scheduling_attributes(parse_derivation(testing::read_golden(file)));
    attributes.required_system_features.erase("ca-derivations");
    EXPECT_THAT(attributes.required_system_features, ElementsAre("rainbow", "uid-range")) << file;
    EXPECT_TRUE(attributes.prefer_local_build);
    EXPECT_FALSE(attributes.allow_substitutes);
  }
}

TEST_F(DerivationGolden, EveryCutIsAnError) {
  for (const Path& file : canonical_files()) {
    SCOPED_TRACE(file);
    const auto parse = [](const std::string& damaged) { parse_derivation(damaged); };
    testing::expect_every_cut_fails(testing::read_golden(file), parse);
  }
}

}  // namespace
}  // namespace firn::nix
