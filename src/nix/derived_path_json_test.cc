// SPDX-License-Identifier: Apache-2.0
#include "nix/derived_path_json.h"

#include "base/error.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

constexpr const char* kFoo = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo";
constexpr const char* kDrv = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv";

SingleDerivedPath single(std::vector<std::string> outputs) {
  return {.base = StorePath::from_base_name(kDrv), .outputs = std::move(outputs)};
}

DerivedPath read(const Json& json) {
  return derived_path_from(JsonPlace(json));
}

TEST(DerivedPathJson, ComesBack) {
  const DerivedPath paths[] = {
      StorePath::from_base_name(kFoo),
      BuiltPath{.derivation = single({}), .outputs = {}},
      BuiltPath{.derivation = single({"drv", "b"}), .outputs = {.names = {"dev", "out"}}},
  };
  for (const DerivedPath& path : paths)
    EXPECT_EQ(read(to_json(path)), path);
  for (const auto& path : {single({}), single({"a"}), single({"a", "b"})})
    EXPECT_EQ(single_derived_path_from(JsonPlace(to_json(path))), path);
  EXPECT_EQ(to_text(to_json(single({"a", "b"}))),
            std::string(R"({"drvPath":{"drvPath":")") + kDrv + R"(","output":"a"},"output":"b"})");
}

TEST(DerivedPathJson, RefusesWhatIsNone) {
  const Json bad[] = {nullptr,
                      1,
                      "foo",
                      Json::array(),
                      {{"drvPath", kDrv}},
                      {{"drvPath", kFoo}, {"outputs", {"out"}}},
                      {{"drvPath", kDrv}, {"outputs", Json::array()}},
                      {{"drvPath", kDrv}, {"outputs", {"*", "out"}}},
                      {{"drvPath", kDrv}, {"outputs", "*"}},
                      {{"drvPath", {{"drvPath", kFoo}, {"output", "a"}}}, {"outputs", {"out"}}},
                      {{"drvPath", {{"drvPath", kDrv}, {"output", "a b"}}}, {"outputs", {"out"}}}};
  for (const Json& json : bad)
    EXPECT_THROW(read(json), Error) << json;
}

TEST(OutputsSpecJson, ComesBack) {
  for (const char* text : {R"(["*"])", R"(["dev","out"])", "null"}) {
    const Json json = Json::parse(text);
    EXPECT_EQ(to_json(optional_outputs_spec_from(JsonPlace(json))), json);
  }
}

}  // namespace
}  // namespace firn::nix
