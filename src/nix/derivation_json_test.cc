// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_json.h"

#include "nix/store_path_computation.h"
#include "support/refusal.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

const std::string kDep = "c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-dep";

Derivation sample() {
  Derivation drv;
  drv.outputs["out"] = DerivationOutput::floating({ContentMethod::nar, HashAlgorithm::sha256});
  const StorePath dep = StorePath::from_base_name(kDep + ".drv");
  drv.input_derivations[DrvPath(dep)] = {"dev", "out"};
  drv.dynamic_inputs.insert({.base = dep, .outputs = {"out", "lib"}});
  drv.dynamic_inputs.insert({.base = dep, .outputs = {"out", "drv", "out"}});
  drv.input_sources.insert(StorePath::from_base_name(kDep + "-src"));
  drv.platform = "x86_64-linux";
  drv.builder = "/bin/sh";
  drv.args = {"-c", "ü\n\"\\"};
  drv.env = {{"a", "1"}, {kStructuredAttributes, R"({"list":[1,2.5,null]})"}};
  return drv;
}

Json sample_json() {
  return to_json(sample(), "app");
}

std::string refusal_of(const Json& json) {
  return testing::refusal_of([&] { derivation_from(JsonPlace(json)); });
}

TEST(DerivationJson, ComesBack) {
  const Json json = sample_json();
  EXPECT_EQ(json.at("version"), 4);
  EXPECT_EQ(json.at("structuredAttrs").at("list").size(), 3U);
  EXPECT_FALSE(json.at("env").contains(kStructuredAttributes));
  EXPECT_EQ(derivation_from(JsonPlace(json)),
            (Named<Derivation>{.name = "app", .derivation = sample()}));
}

TEST(DerivationJson, ComesBackWithoutInputDerivations) {
  const BasicDerivation drv = sample();
  const Json json = to_json(drv, "app");
  EXPECT_EQ(json.at("inputs"), Json::array({kDep + "-src"}));
  EXPECT_EQ(basic_derivation_from(JsonPlace(json)),
            (Named<BasicDerivation>{.name = "app", .derivation = drv}));
}

TEST(DerivationJson, HasOutputsOfEveryKind) {
  const ContentAddress address{ContentMethod::git, hash_of(HashAlgorithm::sha1, "")};
  const StorePath fixed = content_addressed_path("app", address);
  const DerivationOutput outputs[] = {{},
                                      DerivationOutput::input_addressed(fixed),
                                      DerivationOutput::fixed(fixed, address),
                                      DerivationOutput::floating(address.addressing()),
                                      DerivationOutput::impure(address.addressing())};
  for (const DerivationOutput& output : outputs) {
    const Json json = to_json(output);
    EXPECT_EQ(derivation_output_from(JsonPlace(json), "app", "out"), output) << json;
  }
}

TEST(DerivationJson, RefusesOutputsOfNoKind) {
  const Json bad[] = {nullptr,
                      "x",
                      {{"path", "x"}},
                      {{"path", kDep}, {"method", "nar"}},
                      {{"method", "nar"}},
                      {{"method", "nar"}, {"hashAlgo", "sha3"}},
                      {{"method", "recursive"}, {"hashAlgo", "sha256"}},
                      {{"method", "nar"}, {"hashAlgo", "sha256"}, {"impure", false}},
                      {{"method", "nar"}, {"hash", "abc"}}};
  for (const Json& json : bad)
    EXPECT_THROW(derivation_output_from(JsonPlace(json), "app", "out"), Error) << json;
}

TEST(DerivationJson, SaysWhereItIsBad) {
  const auto with = [](const char* place, Json value) {
    Json json = sample_json();
    json[Json::json_pointer(place)] = std::move(value);
    return json;
  };
  EXPECT_THAT(refusal_of(with("/version", 3U)), HasSubstr("derivation format 4 at /version"));
  EXPECT_THAT(refusal_of(with("/args/0", 1)), HasSubstr("a string at /args/0"));
  EXPECT_THAT(refusal_of(with("/env/a", nullptr)), HasSubstr("a string at /env/a"));
  EXPECT_THAT(refusal_of(with("/env/__json", "{}")), HasSubstr("no variable __json"));
  EXPECT_THAT(refusal_of(with("/structuredAttrs", 1)), HasSubstr("an object at /structuredAttrs"));
  EXPECT_THAT(refusal_of(with("/outputs/dev", Json::object())), HasSubstr("of another kind"));
  EXPECT_THAT(refusal_of(with("/inputs/srcs/0", "x")), HasSubstr("/inputs/srcs/0"));
  EXPECT_THAT(refusal_of(with("/inputs/drvs/x", Json::object())), HasSubstr("store path 'x'"));
  const Json nothing{{"outputs", Json::array()}, {"dynamicOutputs", Json::object()}};
  EXPECT_THAT(refusal_of(with(("/inputs/drvs/" + kDep + ".drv").c_str(), nothing)),
              HasSubstr("at least one output"));
  EXPECT_THAT(refusal_of(with(("/inputs/drvs/" + kDep).c_str(), nothing)),
              HasSubstr("a derivation as key"));
  Json incomplete = sample_json();
  incomplete.erase("builder");
  EXPECT_THAT(refusal_of(incomplete), HasSubstr("'builder'"));
}

TEST(DerivationJson, NeedsAttributesThatAreJson) {
  Derivation drv = sample();
  drv.env[kStructuredAttributes] = "{";
  EXPECT_THROW(to_json(drv, "app"), Error);
}

TEST(DerivationJson, HasAFirstFormat) {
  Derivation drv = sample();
  EXPECT_THROW(to_first_json(drv), Error);
  drv.dynamic_inputs.clear();
  const Json json = to_first_json(drv);
  EXPECT_EQ(json.at("inputDrvs").at("/nix/store/" + kDep + ".drv"), Json::array({"dev", "out"}));
  EXPECT_EQ(json.at("inputSrcs"), Json::array({"/nix/store/" + kDep + "-src"}));
  EXPECT_EQ(json.at("outputs").at("out"), (Json{{"hashAlgo", "r:sha256"}}));
  EXPECT_EQ(json.at("env").at(kStructuredAttributes), drv.env.at(kStructuredAttributes));
  EXPECT_FALSE(json.contains("name"));
}

}  // namespace
}  // namespace firn::nix
