// SPDX-License-Identifier: Apache-2.0
#include "nix/output_paths.h"

#include "base/error.h"
#include "support/refusal.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

Derivation named(const std::string& builder) {
  Derivation drv;
  drv.platform = "x86_64-linux";
  drv.builder = builder;
  return drv;
}

Derivation deferred(const std::string& builder) {
  Derivation drv = named(builder);
  drv.outputs = {{"dev", {}}, {"out", {}}};
  drv.env = {{"dev", ""}, {"out", ""}};
  return drv;
}

Derivation fixed(const std::string& builder) {
  Derivation drv = named(builder);
  const ContentAddress address{ContentMethod::flat, hash_of(HashAlgorithm::sha256, "hello")};
  drv.outputs["out"] = DerivationOutput::fixed(
      parse_store_path("/nix/store/ak200q4ciwiin2lv76nbj1byiliqxv9y-src"), address);
  fill_output_paths(drv, "src", {});
  return drv;
}

Derivation floating() {
  Derivation drv = named("/bin/floating");
  drv.outputs["out"] = DerivationOutput::floating({ContentMethod::nar, HashAlgorithm::sha256});
  return drv;
}

/// Derivations that have been named, and what they count as.
class Known {
 public:
  DrvPath add(const Derivation& drv, std::string_view name) {
    const DrvPath path = derivation_path(drv, name);
    modulos_.insert_or_assign(path, input_modulo(drv, modulos_));
    return path;
  }

  const InputModulos& modulos() const { return modulos_; }

 private:
  InputModulos modulos_;
};

std::string refusal_of(Derivation drv, std::string_view name, const InputModulos& inputs) {
  return testing::refusal_of([&] { fill_output_paths(drv, name, inputs); });
}

TEST(OutputPaths, FillPathsAndVariables) {
  Derivation drv = deferred("/bin/sh");
  fill_output_paths(drv, "lib", {});
  EXPECT_EQ(drv.outputs.at("out").path->name(), "lib");
  EXPECT_EQ(drv.outputs.at("dev").path->name(), "lib-dev");
  EXPECT_EQ(drv.env.at("dev"), drv.outputs.at("dev").path->str());
  EXPECT_NO_THROW(check_output_paths(drv, "lib", {}));
  const Derivation before = drv;
  fill_output_paths(drv, "lib", {});
  EXPECT_EQ(drv, before);
}

TEST(OutputPaths, FillVariablesOfFixedOutputs) {
  const Derivation drv = fixed("/bin/sh");
  EXPECT_EQ(drv.env.at("out"), drv.outputs.at("out").path->str());
  EXPECT_NO_THROW(check_output_paths(drv, "src", {}));
  EXPECT_THAT(refusal_of(drv, "other", {}), HasSubstr("it must be /nix/store/"));
}

TEST(OutputPaths, CorrectTheVariableOfWhatWasDeferred) {
  Derivation drv = deferred("/bin/sh");
  drv.env["out"] = "/nix/store/wrong";
  fill_output_paths(drv, "lib", {});
  EXPECT_EQ(drv.env.at("out"), drv.outputs.at("out").path->str());
}

TEST(OutputPaths, RefuseWhatIsWrong) {
  Derivation drv = deferred("/bin/sh");
  fill_output_paths(drv, "lib", {});
  EXPECT_THAT(refusal_of(drv, "other", {}), HasSubstr("it must be /nix/store/"));
  Derivation other_variable = drv;
  other_variable.env["out"] = "x";
  EXPECT_THAT(refusal_of(other_variable, "lib", {}), HasSubstr("the variable 'out' is 'x'"));
  EXPECT_THROW(check_output_paths(other_variable, "lib", {}), Error);
  Derivation no_variable = drv;
  no_variable.env.erase("out");
  EXPECT_THROW(check_output_paths(no_variable, "lib", {}), Error);
  Derivation mixed = floating();
  mixed.outputs["dev"] = {};
  EXPECT_THAT(refusal_of(mixed, "lib", {}), HasSubstr("another kind"));
}

TEST(OutputPaths, NeedTheInputs) {
  Derivation drv = deferred("/bin/sh");
  drv.input_derivations[derivation_path(fixed("/bin/a"), "src")] = {"out"};
  EXPECT_THROW(fill_output_paths(drv, "lib", {}), Error);
}

TEST(OutputPaths, StayDeferredBehindFloatingInputs) {
  Known known;
  Derivation drv = deferred("/bin/sh");
  drv.input_derivations[known.add(floating(), "float")] = {"out"};
  const Derivation before = drv;
  fill_output_paths(drv, "lib", known.modulos());
  EXPECT_EQ(drv, before);
  EXPECT_EQ(input_modulo(drv, known.modulos()), InputModulo(DeferredModulo{}));
  EXPECT_EQ(masked_aterm(drv, known.modulos()), std::nullopt);
  drv.outputs["out"].path = fixed("x").outputs.at("out").path;
  drv.outputs["dev"].path = fixed("x").outputs.at("out").path;
  EXPECT_THAT(refusal_of(drv, "lib", known.modulos()), HasSubstr("once inputs have been built"));
}

TEST(OutputPaths, StayDeferredBehindDynamicInputs) {
  Derivation drv = deferred("/bin/sh");
  drv.dynamic_inputs.insert(
      {.base = derivation_path(floating(), "float").path(), .outputs = {"out", "out"}});
  fill_output_paths(drv, "lib", {});
  EXPECT_FALSE(drv.outputs.at("out").path.has_value());
}

TEST(OutputPaths, OfFloatingAndImpureOutputsAreLeftAlone) {
  Derivation drv = floating();
  const Derivation before = drv;
  fill_output_paths(drv, "float", {});
  EXPECT_EQ(drv, before);
  drv.outputs["out"] = DerivationOutput::impure({ContentMethod::nar, HashAlgorithm::sha256});
  EXPECT_EQ(input_modulo(drv, {}), InputModulo(DeferredModulo{}));
  EXPECT_NO_THROW(check_output_paths(drv, "impure", {}));
}

TEST(OutputPaths, DoNotDependOnWhereFixedInputsComeFrom) {
  Known known;
  const DrvPath first = known.add(fixed("/bin/first"), "src");
  const DrvPath second = known.add(fixed("/bin/second"), "src");
  EXPECT_NE(first, second);
  const auto path_with = [&](const std::set<DrvPath>& inputs) {
    Derivation drv = deferred("/bin/sh");
    for (const DrvPath& input : inputs)
      drv.input_derivations[input] = {"out"};
    fill_output_paths(drv, "lib", known.modulos());
    return drv.outputs.at("out").path;
  };
  EXPECT_EQ(path_with({first}), path_with({second}));
  EXPECT_EQ(path_with({first}), path_with({first, second}));
  EXPECT_NE(path_with({first}), path_with({}));
}

TEST(OutputPaths, MergeInputsOfEqualHash) {
  Known known;
  const auto library = [&](const std::string& source_builder) {
    Derivation drv = deferred("/bin/lib");
    drv.input_derivations[known.add(fixed(source_builder), "src")] = {"out"};
    fill_output_paths(drv, "lib", known.modulos());
    return known.add(drv, "lib");
  };
  const DrvPath first = library("/bin/first");
  const DrvPath second = library("/bin/second");
  EXPECT_NE(first, second);
  Derivation split = deferred("/bin/parent");
  split.input_derivations = {{first, {"out"}}, {second, {"dev"}}};
  Derivation joined = deferred("/bin/parent");
  joined.input_derivations = {{second, {"dev", "out"}}};
  EXPECT_EQ(masked_aterm(split, known.modulos()), masked_aterm(joined, known.modulos()));
}

TEST(OutputPaths, AskOnlyForOutputsThatThereAre) {
  Known known;
  Derivation drv = deferred("/bin/sh");
  drv.input_derivations[known.add(fixed("/bin/a"), "src")] = {"dev"};
  EXPECT_THAT(refusal_of(drv, "lib", known.modulos()), HasSubstr("has no output 'dev'"));
}

TEST(OutputPaths, DerivationPathsDependOnTheBasesOfInputs) {
  Derivation drv = floating();
  const StorePath base = derivation_path(floating(), "float").path();
  drv.dynamic_inputs.insert({.base = base, .outputs = {"a", "b"}});
  EXPECT_EQ(references_of(drv), StorePathSet{base});
  EXPECT_NE(derivation_path(drv, "float").path(), base);
  EXPECT_EQ(derivation_path(drv, "float").derivation_name(), "float");
  EXPECT_THROW(derivation_path(drv, "a b"), Error);
}

}  // namespace
}  // namespace firn::nix
