// SPDX-License-Identifier: Apache-2.0
#include "nix/store_path_computation.h"
#include "support/golden.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ContentAddressGolden = testing::GoldenTest;
using Json = nlohmann::json;

TEST_F(ContentAddressGolden, FixedPathsOfNix) {
  const auto name = "captured-nix-2.8.0/store-paths/print-fixed-path-1.json";
  for (const Json& row : Json::parse(testing::read_golden(name))) {
    const auto algorithm = find_hash_algorithm(row.at("algo").get<std::string>());
    ASSERT_TRUE(algorithm.has_value());
    const ContentAddress address{
        .method = parse_content_method(row.at("method").get<std::string>()),
        .hash = parse_bare_hash(row.at("hash").get<std::string>(), *algorithm)};
    EXPECT_EQ(content_addressed_path(row.at("name").get<std::string>(), address).str(),
              row.at("path").get<std::string>());
  }
}

TEST_F(ContentAddressGolden, SourcePathsOfNix) {
  for (const auto& file : testing::golden_files("captured-nix-2.8.0/nars", ".json")) {
    const Json json = Json::parse(testing::read_golden(file));
    const ContentAddress address{.method = ContentMethod::nar,
                                 .hash = parse_hash(json.at("narHash").get<std::string>())};
    EXPECT_EQ(content_addressed_path("x", address).str(),
              json.at("sourcePathForNameX").get<std::string>());
  }
}

}  // namespace
}  // namespace firn::nix
