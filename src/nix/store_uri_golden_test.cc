// SPDX-License-Identifier: Apache-2.0
#include "nix/store_uri.h"
#include "support/golden.h"

#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using Json = nlohmann::json;
using StoreUriGolden = testing::GoldenTest;

TEST_F(StoreUriGolden, References) {
  for (const auto& file : testing::golden_files("store-reference", ".txt")) {
    SCOPED_TRACE(file);
    auto sibling = file;
    const Json json =
        Json::parse(testing::read_golden(sibling.replace_extension(".expected.json")));
    if (json.at("windowsOnly").get<bool>()) continue;
    std::string text = testing::read_golden(file);
    if (text.ends_with('\n')) text.pop_back();
    const StoreUri uri = parse_store_uri(text);
    EXPECT_EQ(uri.is_word ? uri.scheme : "specified", json.at("kind").get<std::string>());
    if (!uri.is_word) {
      EXPECT_EQ(uri.scheme, json.at("scheme").get<std::string>());
      EXPECT_EQ(uri.authority_and_path(), json.at("authority").get<std::string>());
    }
    EXPECT_EQ(uri.parameters, (json.at("params").get<std::map<std::string, std::string>>()));
    if (json.at("roundTrips").get<bool>()) {
      EXPECT_EQ(uri.str(), text);
    }
    EXPECT_EQ(parse_store_uri(uri.str()), uri);
  }
}

}  // namespace
}  // namespace firn::nix
