// SPDX-License-Identifier: Apache-2.0
#include "nix/resolution.h"

#include "nix/output_paths.h"
#include "nix/placeholder.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;

const StorePath kDep = StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-dep.drv");
const StorePath kBuilt = StorePath::from_base_name("f1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-dep");

SingleDerivedPath dep(std::vector<std::string> outputs) {
  return {.base = kDep, .outputs = std::move(outputs)};
}

FindOutput knows(std::map<SingleDerivedPath, StorePath> built) {
  return [built = std::move(built)](const SingleDerivedPath& output) -> std::optional<StorePath> {
    const auto found = built.find(output);
    if (found == built.end()) return std::nullopt;
    return found->second;
  };
}

TEST(Resolution, ReplacesPlaceholdersEverywhere) {
  const std::string placeholder = input_placeholder(dep({"out"}));
  Derivation drv;
  drv.outputs["out"] = DerivationOutput::floating({ContentMethod::nar, HashAlgorithm::sha256});
  drv.input_derivations[DrvPath(kDep)] = {"out"};
  drv.builder = placeholder + "/bin/sh";
  drv.args = {"-c", "x" + placeholder + placeholder + "y"};
  drv.env = {{placeholder, "1"}, {"__json", R"({"dep":")" + placeholder + "\"}"}};
  const auto resolved = try_resolve(drv, "app", knows({{dep({"out"}), kBuilt}}));
  ASSERT_TRUE(resolved.has_value());
  const std::string path = kBuilt.str();
  EXPECT_EQ(resolved->builder, path + "/bin/sh");
  EXPECT_THAT(resolved->args, ElementsAre("-c", "x" + path + path + "y"));
  EXPECT_EQ(resolved->env.at(path), "1");
  EXPECT_EQ(resolved->env.at("__json"), R"({"dep":")" + path + "\"}");
  EXPECT_THAT(resolved->input_sources, ElementsAre(kBuilt));
  EXPECT_EQ(resolved->outputs, drv.outputs);
}

TEST(Resolution, NamesDeferredOutputs) {
  Derivation drv;
  drv.outputs["out"] = {};
  drv.env["out"] = "";
  drv.input_derivations[DrvPath(kDep)] = {"out"};
  const auto resolved = try_resolve(drv, "app", knows({{dep({"out"}), kBuilt}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->env.at("out"), resolved->outputs.at("out").path->str());
  EXPECT_NO_THROW(check_output_paths(Derivation{*resolved, {}, {}}, "app", {}));
}

TEST(Resolution, KeepsPathsThatAreKnown) {
  Derivation drv;
  drv.outputs["out"] = DerivationOutput::input_addressed(kBuilt);
  drv.env["out"] = kBuilt.str();
  drv.input_derivations[DrvPath(kDep)] = {"out"};
  const auto resolved = try_resolve(drv, "app", knows({{dep({"out"}), kBuilt}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->outputs, drv.outputs);
  EXPECT_EQ(resolved->env, drv.env);
}

TEST(Resolution, FollowsOutputsOfOutputs) {
  Derivation drv;
  drv.outputs["out"] = DerivationOutput::floating({ContentMethod::nar, HashAlgorithm::sha256});
  drv.dynamic_inputs.insert(dep({"drv", "out"}));
  drv.builder = input_placeholder(dep({"drv", "out"}));
  const auto resolved = try_resolve(drv, "app", knows({{dep({"drv", "out"}), kBuilt}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->builder, kBuilt.str());
}

TEST(Resolution, WaitsForWhatHasNotBeenBuilt) {
  Derivation drv;
  drv.input_derivations[DrvPath(kDep)] = {"dev", "out"};
  EXPECT_EQ(try_resolve(drv, "app", knows({{dep({"out"}), kBuilt}})), std::nullopt);
  drv.input_derivations.clear();
  drv.dynamic_inputs.insert(dep({"drv", "out"}));
  EXPECT_EQ(try_resolve(drv, "app", knows({{dep({"out"}), kBuilt}})), std::nullopt);
}

}  // namespace
}  // namespace firn::nix
