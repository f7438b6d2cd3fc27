// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "nix/store_path.h"
#include "support/golden.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using StorePathGolden = testing::GoldenTest;
using Json = nlohmann::json;

TEST_F(StorePathGolden, Names) {
  const Json json = Json::parse(testing::read_golden("transcribed/store-path/names-1.json"));
  const std::string prefix = "/nix/store/" + json.at("hashPart").get<std::string>() + "-";
  for (const Json& name : json.at("validNames")) {
    const auto text = name.get<std::string>();
    EXPECT_EQ(parse_store_path(prefix + text).name(), text);
  }
  for (const Json& name : json.at("invalidNames")) {
    EXPECT_THROW(parse_store_path(prefix + name.get<std::string>()), Error) << name;
  }
}

TEST_F(StorePathGolden, OnlyTheCanonicalForm) {
  const Json json = Json::parse(testing::read_golden("transcribed/store-path/names-1.json"));
  for (const char* list : {"acceptedOnlyByLenientParser", "rejected"}) {
    for (const Json& path : json.at(list)) {
      EXPECT_THROW(parse_store_path(path.get<std::string>()), Error) << path;
    }
  }
}

TEST_F(StorePathGolden, BaseNames) {
  const Json json = Json::parse(testing::read_golden("store-path/simple.json"));
  EXPECT_EQ(StorePath::from_base_name(json.get<std::string>()).name(), "foo.drv");
  const std::string seed = testing::read_golden("transcribed/store-path/fuzz-seed-simple.txt");
  EXPECT_TRUE(StorePath::from_base_name(seed).is_derivation());
}

TEST_F(StorePathGolden, FixedPathsOfNix) {
  const auto name = "captured-nix-2.8.0/store-paths/print-fixed-path-1.json";
  for (const Json& row : Json::parse(testing::read_golden(name))) {
    const auto text = row.at("path").get<std::string>();
    const StorePath path = parse_store_path(text);
    EXPECT_EQ(path.name(), row.at("name").get<std::string>());
    EXPECT_EQ(path.str(), text);
  }
}

}  // namespace
}  // namespace firn::nix
