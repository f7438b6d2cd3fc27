// SPDX-License-Identifier: Apache-2.0
#include "nix/placeholder.h"

#include "base/error.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace firn::nix {
namespace {

SingleDerivedPath input(std::vector<std::string> outputs) {
  return {.base = StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv"),
          .outputs = std::move(outputs)};
}

TEST(Placeholder, StandsForAnOwnOutput) {
  EXPECT_EQ(output_placeholder("out"), "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9");
  EXPECT_EQ(output_placeholder("dev"), "/02qcpld1y6xhs5gz9bchpxaw0xdhmsp5dv88lh25r2ss44kh8dxz");
}

TEST(Placeholder, StandsForAnOutputOfAnInput) {
  EXPECT_EQ(input_placeholder(input({"out"})),
            "/0c6rn30q4frawknapgwq386zq358m8r6msvywcvc89n6m5p2dgbz");
  EXPECT_NE(input_placeholder(input({"dev"})), input_placeholder(input({"out"})));
}

TEST(Placeholder, StandsForAnOutputOfAnOutput) {
  // Calculated apart from this code.
  EXPECT_EQ(input_placeholder(input({"out", "out"})),
            "/187l130y8p5x6ky27kirlayvbmb1bmvafr8l1i58hb7kin09mwr5");
}

TEST(Placeholder, IsNotForKnownPaths) {
  EXPECT_THROW(input_placeholder(input({})), Error);
  const SingleDerivedPath no_derivation{
      .base = StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo"),
      .outputs = {"out"}};
  EXPECT_THROW(input_placeholder(no_derivation), Error);
}

}  // namespace
}  // namespace firn::nix
