// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_options.h"

#include "nix/placeholder.h"

#include <map>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;

const SingleDerivedPath kPath{
    .base = StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo"), .outputs = {}};
const SingleDerivedPath kInput{
    .base = StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv"),
    .outputs = {"out"}};

DerivationOptions options_of(std::map<std::string, std::string> env) {
  Derivation drv;
  drv.env = std::move(env);
  drv.input_derivations[DrvPath(kInput.base)] = {"out"};
  return derivation_options(drv);
}

DerivationOptions structured(const Json& attributes) {
  return options_of({{kStructuredAttributes, attributes.dump()}});
}

TEST(DerivationOptions, HaveDefaults) {
  EXPECT_EQ(options_of({}).output_checks,
            (decltype(DerivationOptions::output_checks)(OutputChecks{.ignore_self_refs = true})));
  EXPECT_EQ(structured(Json::object()).output_checks,
            (decltype(DerivationOptions::output_checks)(std::map<std::string, OutputChecks>())));
  EXPECT_TRUE(options_of({}).allow_substitutes);
  EXPECT_TRUE(structured(Json::object()).allow_substitutes);
}

TEST(DerivationOptions, ComeFromTheEnvironment) {
  const DerivationOptions options = options_of(
      {{"allowedReferences",
        " dev\n" + kPath.base.str() + "\t" + input_placeholder(kInput) + " /nix/store/x "},
       {"disallowedRequisites", ""},
       {"passAsFile", "b a b"},
       {"__noChroot", "true"},
       {"__darwinAllowLocalNetworking", "1"},
       {"allowSubstitutes", ""}});
  const auto& checks = std::get<OutputChecks>(options.output_checks);
  ASSERT_TRUE(checks.allowed_references.has_value());
  EXPECT_THAT(*checks.allowed_references,
              ElementsAre(AllowedReference("/nix/store/x"),
                          AllowedReference("dev"),
                          AllowedReference(kPath),
                          AllowedReference(kInput)));
  EXPECT_FALSE(checks.allowed_requisites.has_value());
  EXPECT_THAT(options.pass_as_file, ElementsAre("a", "b"));
  EXPECT_FALSE(options.no_chroot);
  EXPECT_TRUE(options.allow_local_networking);
  EXPECT_FALSE(options.allow_substitutes);
}

TEST(DerivationOptions, ExportGraphsOfPathsAndPlaceholders) {
  const DerivationOptions options = options_of(
      {{"exportReferencesGraph",
        "a " + kPath.base.str() + "/bin/sh _b.c-1 " + input_placeholder(kInput) + "/x"}});
  EXPECT_THAT(options.export_references_graph.at("a"), ElementsAre(kPath));
  EXPECT_THAT(options.export_references_graph.at("_b.c-1"), ElementsAre(kInput));
  const std::string bad_graphs[] = {"a", "1a /nix/store", "a/b " + kPath.base.str(), "a /tmp/x"};
  for (const std::string& bad : bad_graphs)
    EXPECT_THROW(options_of({{"exportReferencesGraph", bad}}), Error) << bad;
}

TEST(DerivationOptions, ComeFromStructuredAttributes) {
  const std::string placeholder = input_placeholder(kInput);
  const DerivationOptions options =
      structured({{"outputChecks",
                   {{"out", {{"maxSize", 5}, {"allowedReferences", {"dev", placeholder}}}},
                    {"dev", Json::object()}}},
                  {"unsafeDiscardReferences", {{"out", true}}},
                  {"exportReferencesGraph", {{"all files", {kPath.base.str(), {placeholder}}}}},
                  {"requiredSystemFeatures", {"kvm"}},
                  {"passAsFile", 1}});
  const auto& checks = std::get<1>(options.output_checks);
  EXPECT_EQ(checks.at("out").max_size, 5U);
  EXPECT_THAT(*checks.at("out").allowed_references,
              ElementsAre(AllowedReference("dev"), AllowedReference(kInput)));
  EXPECT_EQ(checks.at("dev"), OutputChecks());
  EXPECT_TRUE(options.unsafe_discard_references.at("out"));
  EXPECT_THAT(options.export_references_graph.at("all files"), ElementsAre(kPath, kInput));
  EXPECT_THAT(options.required_system_features, ElementsAre("kvm"));
}

TEST(DerivationOptions, RefuseOtherTypes) {
  const Json bad[] = {1,
                      {{"allowSubstitutes", "1"}},
                      {{"requiredSystemFeatures", "kvm"}},
                      {{"__sandboxProfile", 1}},
                      {{"outputChecks", {{"out", {{"maxSize", -1}}}}}},
                      {{"outputChecks", {{"out", {{"maxSize", nullptr}}}}}},
                      {{"outputChecks", {{"out", {{"allowedReferences", "out"}}}}}},
                      {{"exportReferencesGraph", {{"a", {"dev"}}}}},
                      {{"unsafeDiscardReferences", {{"out", 1}}}}};
  for (const Json& json : bad)
    EXPECT_THROW(structured(json), Error) << json;
  EXPECT_THROW(options_of({{kStructuredAttributes, "{"}}), Error);
}

TEST(DerivationOptions, ComeBackFromJson) {
  const DerivationOptions cases[] = {
      options_of({}),
      options_of({{"allowedRequisites", "dev " + kPath.base.str()},
                  {"exportReferencesGraph", "a " + input_placeholder(kInput)}}),
      structured({{"outputChecks", {{"out", {{"maxClosureSize", 1}}}}},
                  {"exportReferencesGraph", {{"a", Json::array()}}}})};
  for (const DerivationOptions& options : cases) {
    const Json json = to_json(options);
    EXPECT_EQ(derivation_options_from(JsonPlace(json)), options) << json;
  }
  Json both = to_json(options_of({}));
  both["outputChecks"]["perOutput"] = Json::object();
  EXPECT_THROW(derivation_options_from(JsonPlace(both)), Error);
}

}  // namespace
}  // namespace firn::nix
