// SPDX-License-Identifier: Apache-2.0
#include "nix/build_result_json.h"
#include "support/golden.h"

#include <cstddef>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using BuildResultGolden = testing::GoldenTest;

void expect_kept(const Json& json) {
  EXPECT_EQ(to_json(build_result_from(JsonPlace(json))), json);
}

TEST_F(BuildResultGolden, ReadsAndWrites) {
  for (const auto& file : testing::golden_files("build-result", ".json")) {
    SCOPED_TRACE(file);
    expect_kept(parse_json(testing::read_golden(file)));
  }
}

TEST_F(BuildResultGolden, OfBothProtocols) {
  for (const char* family : {"serve-protocol", "worker-protocol"}) {
    for (const auto& file : testing::golden_files(family, ".json")) {
      if (!file.filename().string().starts_with("build-result")) continue;
      SCOPED_TRACE(file);
      for (const Json& json : parse_json(testing::read_golden(file)))
        expect_kept(json);
    }
  }
}

TEST_F(BuildResultGolden, WithTheirTargets) {
  std::size_t seen = 0;
  for (const auto& file : testing::golden_files("worker-protocol", ".json")) {
    if (!file.filename().string().starts_with("keyed-build-result")) continue;
    SCOPED_TRACE(file);
    for (const Json& json : parse_json(testing::read_golden(file))) {
      const auto [target, result] = keyed_build_result_from(JsonPlace(json));
      EXPECT_EQ(keyed_json(target, result), json);
      ++seen;
    }
  }
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace firn::nix
