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

/// A word alone, as Nix's "kind" says it, or scheme and authority; a path counts as authority
/// there.
std::string identity_of(const Json& json) {
  const auto kind = json.at("kind").get<std::string>();
  if (kind != "specified") return kind;
  const auto scheme = json.at("scheme").get<std::string>();
  const auto authority = json.at("authority").get<std::string>();
  return scheme == "local" && authority.empty() ? scheme : scheme + "://" + authority;
}

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
    EXPECT_EQ(uri.identity(), identity_of(json));
    EXPECT_EQ(uri.parameters, (json.at("params").get<std::map<std::string, std::string>>()));
  }
}

}  // namespace
}  // namespace firn::nix
