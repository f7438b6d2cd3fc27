// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation.h"

#include "base/error.h"
#include "support/mutations.h"
#include "support/refusal.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kDep = "/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-dep";

const std::string kSha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

std::string output(const std::string& rest) {
  return "Derive([" + rest + R"(],[],[],"s","b",[],[]))";
}

const std::string kSample =
    R"(Derive([("dev",")" + kDep + R"(-dev","",""),("out",")" + kDep + R"(","","")],[(")" + kDep +
    R"(.drv",["lib","out"])],[")" + kDep +
    R"(-src"],"x86_64-linux","/bin/sh",["-c","echo \"a\\b\"\n\t\r${x}",""],)" +
    R"([("a","1"),("key\"q","v\nw")]))";

std::string refusal_of(std::string_view aterm) {
  return testing::refusal_of([&] { parse_derivation(aterm); });
}

TEST(Derivation, ReadsEveryField) {
  const Derivation drv = parse_derivation(kSample);
  EXPECT_EQ(drv.outputs.size(), 2U);
  EXPECT_EQ(drv.outputs.at("dev").path, parse_store_path(kDep + "-dev"));
  EXPECT_THAT(drv.input_derivations.at(DrvPath(parse_store_path(kDep + ".drv"))),
              ElementsAre("lib", "out"));
  EXPECT_THAT(drv.input_sources, ElementsAre(parse_store_path(kDep + "-src")));
  EXPECT_EQ(drv.platform, "x86_64-linux");
  EXPECT_EQ(drv.builder, "/bin/sh");
  EXPECT_THAT(drv.args, ElementsAre("-c", "echo \"a\\b\"\n\t\r${x}", ""));
  EXPECT_THAT(drv.env, ElementsAre(std::pair("a", "1"), std::pair("key\"q", "v\nw")));
}

TEST(Derivation, WritesTheSameBytes) {
  EXPECT_EQ(to_aterm(parse_derivation(kSample)), kSample);
}

TEST(Derivation, ReadsUnsortedInputAndEscapesThatNobodyWrites) {
  const Derivation drv =
      parse_derivation(R"(Derive([],[],[],"s","\b\$",[],[("z","1"),("a","2")]))");
  EXPECT_EQ(drv.builder, "b$");
  EXPECT_EQ(to_aterm(drv), R"(Derive([],[],[],"s","b$",[],[("a","2"),("z","1")]))");
}

TEST(Derivation, CarriesBytesThatAreNoText) {
  Derivation drv;
  drv.env["bytes"] = std::string("\0\x01\xff\x80", 4);
  EXPECT_EQ(parse_derivation(to_aterm(drv)), drv);
}

TEST(Derivation, KnowsTheKindOfItsOutputs) {
  const std::string path = "\"" + kDep + "\"";
  const std::pair<std::string, OutputKind> cases[] = {
      {R"(("out",)" + path + R"(,"",""))", OutputKind::input_addressed},
      {R"(("out",)" + path + R"(,"r:sha256",")" + kSha256 + "\")", OutputKind::fixed},
      {R"(("out","","r:sha256",""))", OutputKind::floating},
      {R"(("out","","",""))", OutputKind::deferred},
      {R"(("out","","r:sha256","impure"))", OutputKind::impure},
  };
  for (const auto& [text, kind] : cases) {
    const Derivation drv = parse_derivation(output(text));
    EXPECT_EQ(drv.outputs.at("out").kind(), kind) << text;
    EXPECT_EQ(is_fixed_output(drv), kind == OutputKind::fixed);
    EXPECT_EQ(to_aterm(drv), output(text));
  }
}

TEST(Derivation, RefusesOutputsThatContradictThemselves) {
  const std::string path = "\"" + kDep + "\"";
  const std::pair<std::string, std::string> cases[] = {
      {R"(("out","","","abcd"))", "no hash algorithm"},
      {R"(("out","","sha256","abcd"))", "no path"},
      {R"(("out",)" + path + R"(,"sha256","abcd"))", "4 digits do not fit sha256"},
      {R"(("out",)" + path + R"(,"sha256","sha256:abcd"))", "11 digits do not fit sha256"},
      {R"(("out","","r:sha3",""))", "sha512 or blake3 at offset 2"},
      {R"(("out","","fixed:sha256",""))", "at offset 0"},
      {R"(("out",)" + path + R"(,"sha256",""))", "has a path"},
      {R"(("out",)" + path + R"(,"sha256","impure"))", "has a path"},
      {R"(("a",)" + path + R"(,"",""),("out","","",""))", "another kind"},
      {R"(("a","","sha1",""),("out","","sha256",""))", "another hash algorithm"},
      {R"(("bin",)" + path + R"(,"sha256",")" + kSha256 + "\")", "only output"},
      {R"(("out","","",""),("out","","",""))", "twice"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of(output(text)), HasSubstr(why));
}

TEST(Derivation, TakesFloatingOutputsOfDifferentMethods) {
  const std::string text = output(R"(("a","","sha256",""),("out","","r:sha256",""))");
  EXPECT_EQ(to_aterm(parse_derivation(text)), text);
}

TEST(Derivation, WritesHashesInBase16) {
  const Hash hash = parse_bare_hash(kSha256, HashAlgorithm::sha256);
  for (const HashForm form : {HashForm::base16, HashForm::nix32, HashForm::base64}) {
    const Derivation drv = parse_derivation(
        output("(\"out\",\"" + kDep + R"(","sha256",")" + hash.encode(form) + "\")"));
    EXPECT_EQ(drv.outputs.at("out").hash, kSha256);
    EXPECT_EQ(drv.outputs.at("out").address(), (ContentAddress{ContentMethod::flat, hash}));
  }
}

TEST(Derivation, MakesOutputsOfEveryKind) {
  const StorePath path = parse_store_path(kDep);
  const ContentAddress address{ContentMethod::git, hash_of(HashAlgorithm::sha1, "")};
  EXPECT_EQ(DerivationOutput::input_addressed(path).kind(), OutputKind::input_addressed);
  EXPECT_EQ(DerivationOutput::fixed(path, address).kind(), OutputKind::fixed);
  EXPECT_EQ(DerivationOutput::fixed(path, address).address(), address);
  EXPECT_EQ(DerivationOutput::floating(address.addressing()).kind(), OutputKind::floating);
  EXPECT_EQ(DerivationOutput::impure(address.addressing()).kind(), OutputKind::impure);
  EXPECT_EQ(DerivationOutput::impure(address.addressing()).addressing(), address.addressing());
  EXPECT_EQ(DerivationOutput{}.kind(), OutputKind::deferred);
}

TEST(Derivation, ChecksFixedPathsAgainstTheName) {
  const std::string good = "/nix/store/ak200q4ciwiin2lv76nbj1byiliqxv9y-src";
  const std::string text = output("(\"out\",\"" + good + R"(","sha256",")" + kSha256 + "\")");
  EXPECT_EQ(parse_derivation(text, "src"), parse_derivation(text));
  EXPECT_THROW(parse_derivation(text, "other"), Error);
}

TEST(Derivation, ReadsAndWritesDynamicInputs) {
  const std::string text =
      R"(DrvWithVersion("xp-dyn-drv",[],[(")" + kDep + R"(-a.drv",["out"]),(")" + kDep +
      R"(-b.drv",(["x"],[("x",(["p","q"],[("p",["z"])])),("y",["r"])]))],[],)" +
      R"("s","b",[],[]))";
  const Derivation drv = parse_derivation(text);
  const StorePath b = parse_store_path(kDep + "-b.drv");
  EXPECT_EQ(drv.input_derivations.size(), 2U);
  EXPECT_THAT(drv.input_derivations.at(DrvPath(b)), ElementsAre("x"));
  EXPECT_THAT(drv.dynamic_inputs,
              ElementsAre(SingleDerivedPath{b, {"x", "p"}},
                          SingleDerivedPath{b, {"x", "q"}},
                          SingleDerivedPath{b, {"y", "r"}},
                          SingleDerivedPath{b, {"x", "p", "z"}}));
  EXPECT_EQ(to_aterm(drv), text);
}

TEST(Derivation, NeedsNoOutputOfItsOwnFromADynamicInput) {
  const std::string text = R"(DrvWithVersion("xp-dyn-drv",[],[(")" + kDep +
                           R"(.drv",([],[("x",["y"])]))],[],"s","b",[],[]))";
  const Derivation drv = parse_derivation(text);
  EXPECT_TRUE(drv.input_derivations.empty());
  EXPECT_EQ(drv.dynamic_inputs.size(), 1U);
  EXPECT_EQ(to_aterm(drv), text);
}

std::string dynamic_input(const std::string& needed) {
  return R"(DrvWithVersion("xp-dyn-drv",[],[(")" + kDep + ".drv\"," + needed +
         R"()],[],"s","b",[],[]))";
}

TEST(Derivation, WritesTheNewFormOnlyWhereItIsNeeded) {
  for (const char* needed : {R"(["x"])", R"((["x"],[]))"}) {
    EXPECT_EQ(to_aterm(parse_derivation(dynamic_input(needed))),
              R"(Derive([],[(")" + kDep + R"(.drv",["x"])],[],"s","b",[],[]))");
  }
}

TEST(Derivation, RefusesDynamicInputsWithoutSense) {
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "at least one output"},
      {"([],[])", "at least one output"},
      {R"(([],[("x",[])]))", "at least one output"},
      {R"((["x"],[("y",([],[]))]))", "at least one output"},
      {R"((["x"],[("y",["a"]),("y",["b"])]))", "'y' is there twice"},
      {R"((["x"]))", "expected ','"},
      {R"((["x"],["y"]))", "expected '('"},
  };
  for (const auto& [needed, why] : cases)
    EXPECT_THAT(refusal_of(dynamic_input(needed)), HasSubstr(why)) << needed;
}

TEST(Derivation, BoundsHowDeepDynamicInputsGo) {
  const auto nested = [](int steps) {
    std::string text = R"(["x"])";
    for (int i = 0; i < steps; ++i)
      text = R"(([],[("y",)" + text + ")])";
    return dynamic_input(text);
  };
  EXPECT_EQ(to_aterm(parse_derivation(nested(64))), nested(64));
  EXPECT_THAT(refusal_of(nested(65)), HasSubstr("at most 64"));
  EXPECT_THAT(refusal_of(nested(1000)), HasSubstr("at most 64"));
}

TEST(Derivation, SaysWhereItIsBad) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "offset 0"},
      {"Derive", "offset 0"},
      {R"(Derive( []))", "offset 7"},
      {kSample + "\n", "offset " + std::to_string(kSample.size())},
      {R"(Derive([],[],[],"s","b",[],[("a","1"),("a","2")]))", "twice, again at offset 38"},
      {R"(Derive([],[],["/nix/store/short"],"s","b",[],[]))", "offset 14"},
      {R"(Derive([],[],["/nix/store/a\n"],"s","b",[],[]))", "without escapes"},
      {"Derive([],[(\"" + kDep + "\",[\"out\"])],[],\"s\",\"b\",[],[])", "no derivation"},
      {"Derive([],[(\"" + kDep + ".drv\",[])],[],\"s\",\"b\",[],[])", "at least one output"},
      {"Derive([],[(\"" + kDep + ".drv\",([\"out\"],[]))],[],\"s\",\"b\",[],[])", "expected '['"},
      {R"(DrvWithVersion("xp",[],[],[],"s","b",[],[]))", "xp-dyn-drv\", the only one"},
      {R"(DrvWithVersion([],[],[],"s","b",[],[]))", "offset 15"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of(text), HasSubstr(why)) << text;
}

TEST(Derivation, DamageIsAnErrorOrAnotherDerivation) {
  testing::expect_every_cut_fails(kSample, [](const std::string& text) { parse_derivation(text); });
  testing::expect_changed_bytes_are_harmless(kSample, [](const std::string& text) {
    const Derivation drv = parse_derivation(text);
    EXPECT_EQ(parse_derivation(to_aterm(drv)), drv);
  });
}

BasicDerivation with_env(std::map<std::string, std::string> env) {
  BasicDerivation drv;
  drv.env = std::move(env);
  return drv;
}

TEST(SchedulingAttributes, ComeFromTheEnvironment) {
  const BasicDerivation drv = with_env({{"requiredSystemFeatures", " kvm\tbig-parallel\n kvm "},
                                        {"preferLocalBuild", "1"},
                                        {"allowSubstitutes", ""}});
  EXPECT_THAT(required_system_features(drv), ElementsAre("big-parallel", "kvm"));
  EXPECT_TRUE(prefers_local_build(drv));
  EXPECT_FALSE(allows_substitutes(drv));
}

TEST(SchedulingAttributes, HaveDefaults) {
  for (const auto& drv : {with_env({}), with_env({{"__json", "{}"}})}) {
    const SchedulingAttributes attributes = scheduling_attributes(drv);
    EXPECT_THAT(attributes.required_system_features, ElementsAre());
    EXPECT_FALSE(attributes.prefer_local_build);
    EXPECT_TRUE(attributes.allow_substitutes);
  }
}

TEST(SchedulingAttributes, ComeFromStructuredAttributesAlone) {
  const BasicDerivation drv = with_env(
      {{"requiredSystemFeatures", "ignored"},
       {"__json",
        R"({"allowSubstitutes":false,"deep":{"requiredSystemFeatures":3,"preferLocalBuild":[]},)"
        R"("list":[["x"],1.5,null,-1],"preferLocalBuild":true,"requiredSystemFeatures":["kvm","a"]})"}});
  EXPECT_THAT(required_system_features(drv), ElementsAre("a", "kvm"));
  EXPECT_TRUE(prefers_local_build(drv));
  EXPECT_FALSE(allows_substitutes(drv));
}

TEST(SchedulingAttributes, RefuseOtherTypes) {
  const char* cases[] = {"",
                         "[]",
                         "1",
                         "{",
                         "{} x",
                         R"({"requiredSystemFeatures":"kvm"})",
                         R"({"requiredSystemFeatures":[1]})",
                         R"({"requiredSystemFeatures":[["kvm"]]})",
                         R"({"requiredSystemFeatures":{"a":"kvm"}})",
                         R"({"preferLocalBuild":"1"})",
                         R"({"allowSubstitutes":null})"};
  for (const char* json : cases) {
    EXPECT_THROW(scheduling_attributes(with_env({{"__json", json}})), Error) << json;
  }
}

TEST(SchedulingAttributes, SurviveDeepJson) {
  const std::string deep(20'000, '[');
  EXPECT_THROW(scheduling_attributes(with_env({{"__json", "{\"a\":" + deep}})), Error);
}

TEST(SchedulingAttributes, UnknownPathsNeedAFeature) {
  BasicDerivation drv;
  drv.outputs["out"].hash_algo = "r:sha256";
  EXPECT_THAT(required_system_features(drv), ElementsAre("ca-derivations"));
}

}  // namespace
}  // namespace firn::nix
