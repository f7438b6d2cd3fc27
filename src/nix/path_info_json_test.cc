// SPDX-License-Identifier: Apache-2.0
#include "nix/path_info_json.h"

#include "base/error.h"
#include "support/mutations.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

StorePath path(char digit, const std::string& name) {
  return StorePath::from_base_name(std::string(32, digit) + "-" + name);
}

PathInfo sample() {
  PathInfo info{.path = path('a', "x")};
  info.deriver = path('b', "x.drv");
  info.references = {path('a', "x"), path('c', "y")};
  info.nar_hash = hash_of(HashAlgorithm::sha256, "x");
  info.nar_size = ByteCount(112);
  info.ca = "fixed:r:" + hash_of(HashAlgorithm::sha256, "x").prefixed(HashForm::nix32);
  info.signatures = {"a:AA==", "b:BB=="};
  info.registration_time = WallTime(std::chrono::seconds(5));
  info.ultimate = true;
  return info;
}

std::string refusal_of(const std::string& text) {
  try {
    const Json json = parse_json(text);
    path_info_from(JsonPlace(json), path('a', "x"));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(PathInfoJson, KeepsEverything) {
  for (const auto format : {PathInfoFormat::v1, PathInfoFormat::v2, PathInfoFormat::v3}) {
    const Json json = to_json(sample(), format, PathInfoPart::all);
    EXPECT_EQ(path_info_from(JsonPlace(json), sample().path), sample());
  }
  EXPECT_EQ(keyed_path_info_from(JsonPlace(keyed_json(sample()))), sample());
}

TEST(PathInfoJson, KeepsWhatIsPure) {
  PathInfo pure{.path = sample().path};
  pure.references = sample().references;
  pure.nar_hash = sample().nar_hash;
  pure.nar_size = sample().nar_size;
  pure.ca = sample().ca;
  const Json json = to_json(sample(), PathInfoFormat::v2, PathInfoPart::pure);
  EXPECT_EQ(path_info_from(JsonPlace(json), sample().path), pure);
}

TEST(PathInfoJson, FormatsDifferInTexts) {
  const Json first = to_json(sample(), PathInfoFormat::v1, PathInfoPart::all);
  EXPECT_EQ(first.at("references").at(0), sample().path.str());
  EXPECT_EQ(first.at("ca"), sample().ca);
  EXPECT_EQ(first.at("signatures").at(0), "a:AA==");
  const Json second = to_json(sample(), PathInfoFormat::v2, PathInfoPart::all);
  EXPECT_EQ(second.at("references").at(0), sample().path.base_name());
  EXPECT_EQ(second.at("ca").at("method"), "nar");
  EXPECT_EQ(second.at("signatures").at(0), "a:AA==");
  const Json third = to_json(sample(), PathInfoFormat::v3, PathInfoPart::all);
  EXPECT_EQ(third.at("signatures").at(0).at("keyName"), "a");
}

TEST(PathInfoJson, WritesNullForWhatIsUnknown) {
  const PathInfo bare{.path = path('a', "x")};
  const Json json = to_json(bare, PathInfoFormat::v3, PathInfoPart::all);
  for (const char* key : {"narHash", "ca", "deriver", "registrationTime"})
    EXPECT_TRUE(json.at(key).is_null()) << key;
  EXPECT_EQ(path_info_from(JsonPlace(json), bare.path), bare);
}

TEST(PathInfoJson, NamesThePlace) {
  const std::string hash = sample().nar_hash->sri();
  const std::string head = R"({"version":3,"storeDir":"/nix/store","narHash":")" + hash + R"(",)";
  const std::pair<std::string, const char*> cases[] = {
      {"[]", "an object at the whole"},
      {R"({"version":4})", "a format from 1 to 3 at /version, got 4"},
      {R"({"version":2})", "the key 'storeDir'"},
      {R"({"storeDir":"/gnu/store"})", "/nix/store at /storeDir"},
      {"{}", "the key 'narHash'"},
      {R"({"narHash":"sha256-x"})", "reading /narHash"},
      {head + R"("narSize":-1})", "at /narSize, got -1"},
      {head + R"("narSize":1})", "the key 'references'"},
      {head + R"("narSize":1,"references":["/nix/store/x"]})", "reading /references/0"},
      {head + R"("narSize":1,"references":[],"ca":{"method":"x"}})", "reading /ca/method"},
      {head + R"("narSize":1,"references":[],"registrationTime":9223372036854775808})",
       "below 2^63"},
      {head + R"("narSize":1,"references":[],"ultimate":0})", "true or false at /ultimate"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of(text), HasSubstr(why)) << text;
}

TEST(PathInfoJson, DamageIsHarmless) {
  const auto read = [](const std::string& text) {
    const Json json = parse_json(text);
    path_info_from(JsonPlace(json), path('a', "x"));
  };
  const std::string text = to_text(to_json(sample(), PathInfoFormat::v3, PathInfoPart::all));
  testing::expect_every_cut_fails(text, read);
  testing::expect_changed_bytes_are_harmless(text, read);
}

}  // namespace
}  // namespace firn::nix
