// SPDX-License-Identifier: Apache-2.0
#include "nix/derived_path.h"

#include "base/error.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::nix {
namespace {

const std::string kFoo = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo";
const std::string kDrv = kFoo + ".drv";

SingleDerivedPath single(std::vector<std::string> outputs) {
  return {.base = parse_store_path(kDrv), .outputs = std::move(outputs)};
}

TEST(DerivedPath, ComesBackWithBothMarks) {
  const DerivedPath paths[] = {
      parse_store_path(kFoo),
      parse_store_path(kDrv),
      BuiltPath{.derivation = single({}), .outputs = {}},
      BuiltPath{.derivation = single({}), .outputs = {.names = {"dev", "out"}}},
      BuiltPath{.derivation = single({"drv", "deeper"}), .outputs = {.names = {"out"}}},
  };
  for (const DerivedPath& path : paths) {
    for (const OutputMark mark : {OutputMark::caret, OutputMark::bang})
      EXPECT_EQ(parse_derived_path(to_string(path, mark), mark), path);
  }
  EXPECT_EQ(to_string(paths[2], OutputMark::bang), kDrv + "!*");
  EXPECT_EQ(to_string(paths[4], OutputMark::caret), kDrv + "^drv^deeper^out");
}

TEST(DerivedPath, RefusesWhatIsNone) {
  const std::string bad[] = {"",
                             "foo",
                             kFoo + "^out",
                             kFoo + "^*",
                             kDrv + "^",
                             kDrv + "!out",
                             kDrv + "^*^out",
                             kDrv + "^a,b^out",
                             kDrv + "^^out",
                             "^out"};
  for (const std::string& text : bad)
    EXPECT_THROW(parse_derived_path(text, OutputMark::caret), Error) << text;
}

TEST(DerivedPath, HasAnOlderForm) {
  const BuiltPath all{.derivation = single({}), .outputs = {}};
  const BuiltPath some{.derivation = single({}), .outputs = {.names = {"dev", "out"}}};
  EXPECT_EQ(to_old_string(all), kDrv);
  EXPECT_EQ(parse_old_derived_path(kDrv), DerivedPath(all));
  EXPECT_EQ(to_old_string(some), kDrv + "!dev,out");
  EXPECT_EQ(parse_old_derived_path(kDrv + "!dev,out"), DerivedPath(some));
  EXPECT_EQ(parse_old_derived_path(kFoo), DerivedPath(parse_store_path(kFoo)));
  EXPECT_EQ(to_old_string(parse_store_path(kFoo)), kFoo);
  EXPECT_THROW(to_old_string(parse_store_path(kDrv)), Error);
  EXPECT_THROW(to_old_string(BuiltPath{.derivation = single({"a"}), .outputs = {}}), Error);
}

TEST(SingleDerivedPath, ComesBack) {
  for (const auto& path : {single({}), single({"out"}), single({"drv", "out"})}) {
    EXPECT_EQ(parse_single_derived_path(to_string(path, OutputMark::caret), OutputMark::caret),
              path);
  }
  EXPECT_THROW(parse_single_derived_path(kDrv + "^*", OutputMark::caret), Error);
  EXPECT_THROW(parse_single_derived_path(kFoo + "^out", OutputMark::caret), Error);
}

TEST(SingleDerivedPath, OrdersShortChainsFirst) {
  std::vector<SingleDerivedPath> paths{
      single({"a", "b"}), single({"b"}), single({"a", "a"}), single({}), single({"a"})};
  std::sort(paths.begin(), paths.end());
  EXPECT_EQ(paths,
            (std::vector{
                single({}), single({"a"}), single({"b"}), single({"a", "a"}), single({"a", "b"})}));
}

TEST(SingleDerivedPath, KnowsItsDerivation) {
  EXPECT_EQ(single({"a", "b"}).derivation(), single({"a"}));
  EXPECT_EQ(single({"a"}).derivation(), single({}));
}

}  // namespace
}  // namespace firn::nix
